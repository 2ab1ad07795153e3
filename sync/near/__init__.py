"""Stations that keep each other's records: what one of them sealed, on a neighbour's disk."""
