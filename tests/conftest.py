"""For all tests: hypothesis never judges by the clock, which a busy machine would fail."""

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")
