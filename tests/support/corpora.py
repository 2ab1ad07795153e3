"""Where public corpora lie, none of which is part of this project.

``EXAM_KIOSK_CORPORA`` names their folder; without it they are looked for beside the project.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("EXAM_KIOSK_CORPORA") or ROOT.parent / "shared" / "corpora")
GIFT = CORPORA / "gift" / "tests" / "questions"
