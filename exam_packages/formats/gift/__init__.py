"""GIFT, the plain text form of Moodle: its grammar, and what becomes of its questions."""
