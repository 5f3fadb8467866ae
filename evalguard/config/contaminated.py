"""Items of suites that an audit found in the training data."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from evalguard.config.resolved import Project
from evalguard.errors import ConfigError, Problem

CODE = "contamination"
"""Code of the audit's finding."""

_PLACE = re.compile(r"(?P<task>.+/.+):(?P<row>\d+)")


def contaminated(project: Project) -> Mapping[str, frozenset[int]]:
    """Return the rows to leave out, by ``suite/task``; empty where the project names no audit.

    Raises:
        ConfigError: If the file is missing or is no audit.
    """
    named = project.config.contaminated
    if named is None:
        return {}
    path = project.resolve(named)
    hint = "Create it: evalguard audit DATA --against evalguard.yaml --json audit.json"
    try:
        findings = json.loads(path.read_text(encoding="utf-8"))["findings"]
        places = [place for one in findings if one["code"] == CODE for place in one["places"]]
    except OSError as error:
        raise _problem(project, f"{path}: {error.strerror}. {hint}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _problem(project, f"{path} is not an audit in JSON. {hint}") from error
    return _by_task(places)


def _by_task(places: list[Any]) -> Mapping[str, frozenset[int]]:
    rows: dict[str, set[int]] = defaultdict(set)
    for place in places:
        if match := _PLACE.fullmatch(str(place)):
            rows[match["task"]].add(int(match["row"]))
    return {task: frozenset(found) for task, found in rows.items()}


def _problem(project: Project, message: str) -> ConfigError:
    return ConfigError([Problem(str(project.path), "contaminated", message)])
