"""Moodle: what its XML and GIFT exports share, and its XML."""
