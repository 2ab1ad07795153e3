"""Whether the camera sees anything: covered, dark, over-exposed, blurred.

All of it on the small grey copy, where the noise of a sensor is averaged away and shapes are
not. The thresholds come from the scenes of :mod:`kiosk.proctoring.rates`.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from kiosk.proctoring.detectors.sight import Pixels, Sight

PLAIN: Final = 4.0
PLAIN_SHARE: Final = 0.12
"""A picture shows nothing when its smoothed brightness spreads less than :data:`PLAIN`, and in
the dark less than this share of its mean: a room without light still has shapes."""
DARK: Final = 28.0
"""Mean brightness below which nobody is recognised any more."""
BRIGHT: Final = 250
BRIGHT_SHARE: Final = 0.35
"""Share of the picture at :data:`BRIGHT` or above: what was there is lost."""
SOFT: Final = 0.0035
"""Fine detail of a sharp picture is more than this share of its contrast."""
CONTRAST: Final = 20.0
"""Sharpness cannot be judged where there is less contrast than this."""


def covered(sight: Sight) -> bool:
    """Nothing is to be seen: a lid, a hand, a cloth, or an unlit lens."""
    spread = float(cv2.GaussianBlur(sight.small, (0, 0), 2.0).std())
    return spread < min(PLAIN, 0.5 + PLAIN_SHARE * float(sight.small.mean()))


def dark(sight: Sight) -> bool | None:
    """There is something, but too little light. Not judged where nothing is to be seen."""
    return None if covered(sight) else float(sight.small.mean()) < DARK


def over_exposed(sight: Sight) -> bool:
    """A large part of the picture is plain white: against the light, or light in the lens."""
    return float((sight.small >= BRIGHT).mean()) > BRIGHT_SHARE


def blurred(sight: Sight) -> bool | None:
    """Nothing in the picture is sharp. Not judged where there is hardly any contrast."""
    contrast = float(sight.small.std())
    if contrast < CONTRAST:
        return None
    return sharpness(sight.small) < SOFT


def usable(sight: Sight) -> bool:
    """Whether faces can be looked for in this picture at all."""
    return not (covered(sight) or dark(sight) or over_exposed(sight) or blurred(sight))


def sharpness(small: Pixels) -> float:
    """Fine detail as a share of the contrast: the variance that a slight blur takes away, less
    what noise alone would give, over all variance."""
    grey = small.astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    noise = float(np.median(np.abs(detail))) / 0.6745  # a robust measure: most of it is plain
    return max(0.0, float(detail.var()) - noise * noise) / max(1.0, float(grey.var()))
