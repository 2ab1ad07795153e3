"""What a roster may grant is what a station has."""

from __future__ import annotations

from exam_packages.attempt import preferences
from kiosk.themes import THEMES


def test_every_theme_can_be_granted_by_its_name() -> None:
    assert tuple(theme.name for theme in THEMES) == preferences.THEMES
