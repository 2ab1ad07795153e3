"""The evidence key of every sitting in tests that do not make their own."""

from __future__ import annotations

from exam_packages.sealing.suite import SealingKey

EVIDENCE = SealingKey.from_seed(b"an evidence key for every test..")
