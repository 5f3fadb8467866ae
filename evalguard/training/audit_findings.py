"""What an audit finds: records that the terminal and the page show, and JSON keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalguard.reports.text import visible

SHOWN_EVIDENCE = 5
"""Pieces of evidence kept for each finding."""


class Level(StrEnum):
    """How a finding affects training."""

    ERROR = "error"  # stops it
    WARNING = "warning"  # is shown; training continues


@dataclass(frozen=True, slots=True)
class Location:
    """One location of a finding.

    Attributes:
        where: File and line.
        text: What stands there, cut to a line or two.
        other_where: The location that it matches; empty if none.
        other_text: What stands there.
    """

    where: str
    text: str
    other_where: str = ""
    other_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One kind of problem with the data, with all its locations.

    Attributes:
        code: Its stable name, such as ``near_duplicates``.
        level: Whether it stops the training.
        title: What was found, with the number.
        count: Number of rows (or suite items) affected.
        advice: What to do.
        evidence: The first locations.
        places: All locations, as file and line.
    """

    code: str
    level: Level
    title: str
    count: int
    advice: str
    evidence: tuple[Location, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """Everything that an audit of a data set found.

    Attributes:
        data: The audited files.
        rows: Rows that could be read.
        formats: Number of rows by format.
        tokens: Median, 95th percentile and maximum of tokens; ``None`` without a tokenizer.
        suite_items: Items of the suites that the rows were compared with.
        findings: The problems found, errors first.
        seconds: Time taken.
        notes: How each file was read: its format, and what was not used.
    """

    data: tuple[str, ...]
    rows: int
    formats: dict[str, int]
    tokens: tuple[int, int, int] | None
    suite_items: int
    findings: tuple[AuditFinding, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[AuditFinding, ...]:
        """The findings that stop the training."""
        return tuple(f for f in self.findings if f.level is Level.ERROR)


def cut(text: str, length: int = 160) -> str:
    """Return a text on one line, cut to a length.

    Example:
        >>> cut("one   two  three", 9)
        'one two …'
    """
    line = visible(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"
