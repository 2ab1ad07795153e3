"""Recordings on a station: a player in a process of its own, and the screen's end of it."""
