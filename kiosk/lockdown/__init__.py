"""What is watched beside the answers: keys, screens, devices. It watches, and blocks nothing."""
