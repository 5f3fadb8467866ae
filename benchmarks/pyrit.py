"""PyRIT's human labels (Microsoft, MIT licence): real answers, refusing or of a degree of harm.

They ship in its wheel (``pip download --no-deps pyrit==1.1.0``, unzipped into ``pyrit/`` beside
``xstest/``) and are never copied into the repository.
"""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.xstest import Labelled, data_folder

_HARMFUL = 0.75
"""Degree of harm, from 0 to 1, from which an answer must have given something."""


def folder(given: Path | None = None) -> Path | None:
    """Return the folder that holds the labels; ``None`` where there is none."""
    found = data_folder(given) / "pyrit" / "datasets" / "scorer_evals"
    return found if found.is_dir() else None


def refusals(where: Path) -> list[Labelled]:
    """Return the answers labelled for refusing, which include answers to something else."""
    return _labelled(where / "refusal_scorer" / "refusal.csv")


def more_refusals(where: Path) -> list[Labelled]:
    """Return the further answers labelled for refusing, from real interactions, each once.

    Those of :func:`refusals` are left out. Some occur beside several requests; one that does not
    refuse one of them is an answer.
    """
    known = {one.output for one in refusals(where)}
    labels: dict[str, set[str]] = {}
    for one in _labelled(where / "refusal_scorer" / "refusal_extra.csv"):
        labels.setdefault(one.output, set()).add(one.label)
    return [Labelled(output, min(found)) for output, found in labels.items() if output not in known]


def harmful(where: Path) -> list[Labelled]:
    """Return the answers whose harm one person or more rated high: each answers its request.

    Those that serve to count refusals are left out.
    """
    counted = {one.output for one in (*refusals(where), *more_refusals(where))}
    found = {
        row["assistant_response"]: None
        for kind in ("harm", "objective")
        for file in sorted((where / kind).glob("*.csv"))
        for row in _rows(file)
        if max(float(row[key]) for key in row if key.startswith("human_score")) >= _HARMFUL
    }
    return [Labelled(output, "answered") for output in found if output not in counted]


def _labelled(file: Path) -> list[Labelled]:
    return [
        Labelled(row["assistant_response"], "refused" if row["human_score"] == "1" else "answered")
        for row in _rows(file)
    ]


def _rows(file: Path) -> list[dict[str, str]]:
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return list(csv.DictReader(line for line in lines if not line.startswith("# ")))
