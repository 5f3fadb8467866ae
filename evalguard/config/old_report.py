"""The report of an earlier check, where the project file can no longer be used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from evalguard.config.loading import read_mapping
from evalguard.config.overrides import apply_overrides
from evalguard.config.project import ProjectConfig
from evalguard.errors import ConfigError

_FOLDER = re.compile(
    r"""^reports\s*:\s*(["']?)(?P<folder>[^"'#\n]+?)\1\s*(?:#.*)?$""", re.MULTILINE
)
_WRITTEN_BY = b'<meta name="generator" content="EvalGuard '
_HEAD_BYTES = 4096


def remove_old_report(path: Path, overrides: Sequence[str] = ()) -> None:
    """Remove the HTML report of an earlier check, which must not be read as the failed one's.

    Args:
        path: The project file.
        overrides: ``key.path=value`` each, as they override it.
    """
    report = path.parent / Path(_folder(path, overrides)).expanduser() / "index.html"
    if not report.is_file():  # a pipe would be waited for
        return
    try:
        with report.open("rb") as file:
            ours = _WRITTEN_BY in file.read(_HEAD_BYTES)
        if ours:
            report.unlink()
    except (OSError, ValueError):
        return


def _folder(path: Path, overrides: Sequence[str]) -> str:
    """Return the folder of reports, as well as the project file tells it."""
    default = str(ProjectConfig.model_fields["reports"].default)
    try:
        data = read_mapping(path)
        apply_overrides(data, overrides)
        named = data.get("reports", default)
    except ConfigError:
        try:
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        except OSError:
            text = ""
        found = _FOLDER.search(text)
        named = found["folder"] if found else default
    return named if isinstance(named, str) and named else default
