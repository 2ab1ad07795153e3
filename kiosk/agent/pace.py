"""How fast something may be heard that nobody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BURST: Final = 30
"""Words that may come at once. All detectors together raise and take back fewer in one look."""
PER_S: Final = 1.0
"""Words a second, in the long run."""


@dataclass
class Pace:
    """A bucket of *burst* tokens that fills by *per_s* a second. Who finds it empty waits: what
    speaks too fast is slowed down by its own full socket, and nothing of it is lost."""

    burst: float = BURST
    per_s: float = PER_S
    _tokens: float = -1.0
    _at_s: float = 0.0

    def take(self, now_s: float) -> float:
        """Take a token; seconds to wait before going on."""
        if self._tokens < 0:
            self._tokens, self._at_s = self.burst, now_s
        filled = self._tokens + max(0.0, now_s - self._at_s) * self.per_s
        tokens = min(self.burst, filled) - 1
        wait_s = max(0.0, -tokens / self.per_s)
        self._tokens, self._at_s = max(0.0, tokens), now_s + wait_s
        return wait_s
