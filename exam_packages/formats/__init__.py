"""Readers of what authors write. Everything they are given is hostile until proven read."""
