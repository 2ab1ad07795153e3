"""Exams written for trying this project out. They are real QTI packages."""

from __future__ import annotations

from pathlib import Path

FOOD_SAFETY = Path(__file__).parent / "food_safety"
"""The folder of the sample exam "Food-safety inspector, level 1"."""
ALL_KINDS = Path(__file__).parent / "all_kinds"
"""The folder of the sample "Every kind of question": one of each kind that a station shows."""
LISTENING = Path(__file__).parent / "listening"
"""The folder of the sample "Questions that sound": a recording with a limit, and one without."""
