"""The candidate's session at a station: the terminal that the screen stands in."""
