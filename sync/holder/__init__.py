"""Keeping journals that cannot be read: run by hall, standby and neighbour alike."""
