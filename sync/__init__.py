"""Everything that moves between station, hall and body."""
