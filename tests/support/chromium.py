"""Chromium for tests of pages, and axe; tests that use it skip where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@contextmanager
def chromium_running() -> Iterator[Any]:
    """A browser without windows of its own."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


def no_hindrance(page: Any) -> None:
    """Axe finds nothing that hinders people."""
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert not found, [
        (each["id"], each["help"], [node["html"] for node in each["nodes"]][:3]) for each in found
    ]
