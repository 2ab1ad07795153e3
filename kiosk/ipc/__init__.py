"""What screen and agent say to each other, and how it is framed."""
