"""Values of labels: how they are written, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from evalguard.scorers.targets import shown
from evalguard.scorers.written import written
from evalguard.tasks.scales import NUMBER, Scale

SKIP = "skip"
"""What a value means whose rows are left out."""


class LabelError(ValueError):
    """A value that a file of labels must not hold.

    Args:
        key: Column.
        found: Value.
        allowed: What may stand there.
    """

    def __init__(self, key: str, found: Any, allowed: str) -> None:
        super().__init__(f"{key}: found {shown(found)}; allowed: {allowed}")
        self.key = key
        self.found = found
        self.allowed = allowed


_WORDED = re.compile(rf"({NUMBER})\s*[-–—:=(]\s*[^\W\d][^\d]*")
_STARS = re.compile(r"([★⭐]+)(☆*)")


def _score_in(text: str, scale: Scale) -> float | None:
    """Return the score that a label is: ``7``, ``4 - agree`` or ``★★★★☆``."""
    if stars := _STARS.fullmatch(text):
        filled, hollow = map(len, stars.groups())
        return scale.read(str(filled)) if not hollow or filled + hollow == scale.high else None
    worded = _WORDED.fullmatch(text)
    return scale.read(worded[1] if worded else text)


@dataclass(frozen=True, slots=True)
class LabelReading:
    """How a file of labels is read, where it has names and values of its own.

    Attributes:
        columns: Its name of each of our columns.
        values: Our label of each of its values, as :func:`written`.
        scale: The scale, where the labels are scores.
        file: The file, as the suite names it.
        annotators: ``majority``, or ``all`` where only that counts on which all agree.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    scale: Scale | None = None
    annotators: str = "majority"
    file: str = ""

    def label(self, key: str, value: Any, known: Mapping[str, str], names: Collection[str]) -> str:
        """Return our label of a value.

        Args:
            key: Column, for messages.
            value: Value of it.
            known: Our label of each value that is read without being told.
            names: What messages name as allowed of these.

        Raises:
            LabelError: If the value is none of those that are known.
        """
        values = self.values or known
        found = values.get(written(value))
        if found is None:
            raise LabelError(key, value, ", ".join(self.values or names))
        return found

    def passes(self, key: str, value: Any) -> bool:
        """Return whether a score is a pass.

        Raises:
            LabelError: If it is no score of the scale.
        """
        assert self.scale is not None
        assert self.scale.pass_from is not None
        return self.score(key, value) >= self.scale.pass_from

    def score(self, key: str, value: Any) -> float:
        """Return a score of the scale.

        Raises:
            LabelError: If it is none.
        """
        assert self.scale is not None
        found = _score_in(written(value), self.scale)
        if found is None:
            raise LabelError(key, value, f"a score of {self.scale}")
        return found
