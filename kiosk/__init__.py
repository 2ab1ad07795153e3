"""The candidate's client: the screen, the agent behind it, and their watchers."""
