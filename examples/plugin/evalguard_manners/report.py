"""A report format: the gates as a table for a spreadsheet.

``evalguard report result.json --to csv gates.csv`` writes it.
"""

from __future__ import annotations

import csv
import io

import evalguard
from evalguard.reports.registry import ReportFormat

COLUMNS = ("model", "suite", "name", "verdict", "baseline", "candidate", "reason")


def _render(result: evalguard.CheckResult) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(gate, column) for column in COLUMNS] for gate in result.gates)
    return text.getvalue()


CSV = ReportFormat(name="csv", render=_render, summary="the gates, for a spreadsheet")
