"""An importer: the scores of one model as CSV, with the columns ``question`` and ``score``.

``evalguard decide --baseline base.csv --candidate tuned.csv --max-drop 5pp`` decides on two. That
both hold the same questions, each once and with a number, is checked for every importer.
"""

from __future__ import annotations

import csv
from pathlib import Path

from evalguard.errors import DataError
from evalguard.importers import ImportedRun, ImportedScore, Importer

HEADER = ["question", "score"]


def _recognises(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.reader(file), []) == HEADER


def _read(path: Path) -> list[ImportedRun]:
    scores = []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        next(rows)
        for row in rows:
            where = f"{path}:{rows.line_num}"
            if len(row) != len(HEADER):
                raise DataError(f"{where}: {len(row)} columns; expected {', '.join(HEADER)}")
            scores.append(ImportedScore(where=where, sample_id=row[0], score=_score(row[1], where)))
    return [ImportedRun(source=path, scores=tuple(scores))]


def _score(text: str, where: str) -> float | None:
    if not text:
        return None  # it could not be measured
    try:
        return float(text)
    except ValueError as error:
        raise DataError(f"{where}: score is '{text}'; expected a number or nothing") from error


CSV = Importer(
    name="csv",
    recognises=_recognises,
    read=_read,
    summary="CSV with the columns question and score",
)
