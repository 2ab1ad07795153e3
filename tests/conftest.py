"""For all tests: what they share is found, and hypothesis never judges by the clock, which a
busy machine would fail."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

settings.register_profile("project", deadline=None, max_examples=50)
settings.register_profile("long", deadline=None, max_examples=300)
settings.load_profile("project")
