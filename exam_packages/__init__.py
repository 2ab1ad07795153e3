"""What an exam is, and the sealed files it travels in. No network, no screen."""
