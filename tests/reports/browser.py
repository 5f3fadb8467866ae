"""Opens a page in headless Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

MEASURE_WIDTH = "probe(document.documentElement.scrollWidth - innerWidth);"
_PROBE = """<script>addEventListener("load", () => {
  const probe = (value) => { document.documentElement.dataset.probe = value; };
  %s
});</script>"""


@dataclass(frozen=True)
class Page:
    """What the browser made of a page."""

    dom: str
    console: list[str]

    @property
    def probed(self) -> int:
        """The number that the probe found."""
        found = re.search(r'data-probe="(-?\d+)"', self.dom)
        assert found, "the probe did not run"
        return int(found[1])


def open_page(path: Path, folder: Path, *, width: int = 1280, probe: str = "") -> Page:
    """Load a page and return its DOM after its scripts ran.

    Args:
        path: The HTML file.
        folder: An empty folder for the browser's profile.
        width: Of the window.
        probe: JavaScript to run on the loaded page, which calls ``probe(number)``; the security
            policy is lifted for it.
    """
    if probe:
        text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text())
        path = folder / "probed.html"
        path.write_text(text.replace("</body>", f"{_PROBE % probe}</body>"))
    assert CHROMIUM
    run = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            "--enable-logging=stderr",
            f"--window-size={width},900",
            f"--user-data-dir={folder / 'profile'}",
            "--dump-dom",
            path.resolve().as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=180,  # a busy machine starts a browser slowly
        check=True,
    )
    console = [line for line in run.stderr.splitlines() if ":CONSOLE" in line]
    return Page(dom=run.stdout, console=console)
