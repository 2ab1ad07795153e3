"""What every HTTPS listener and every page shares."""
