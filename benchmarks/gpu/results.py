"""The results of a run: a JSON file, complete after every part, and the tables made from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.gpu.records import Outcome, Part, Row

SCHEMA_VERSION = 1


class ResultsError(Exception):
    """An earlier run's file that this run cannot continue."""


@dataclass(slots=True)
class Results:
    """Outcomes by part, in the order of their parts.

    Attributes:
        file: Where they are kept; ``None`` keeps them in memory.
        settings: What must be equal for two runs to be one: device and shapes.
        outcomes: By name of the part.
    """

    file: Path | None
    settings: Mapping[str, Any]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @classmethod
    def resume(cls, file: Path, settings: Mapping[str, Any]) -> Results:
        """Return the results of an interrupted run.

        Raises:
            ResultsError: If the file is broken, or of a run with other settings.
        """
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            version, before = data["schema_version"], data["settings"]
            outcomes = {name: Outcome.from_json(one) for name, one in data["parts"].items()}
        except OSError as error:
            raise ResultsError(f"{file}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ResultsError(f"{file}: not the results of this benchmark ({error!r})") from error
        if version != SCHEMA_VERSION or before != settings:
            raise ResultsError(
                f"{file}: measured with {before}, schema {version}; this run has {settings}, "
                f"schema {SCHEMA_VERSION}. Choose another file, or leave out --resume."
            )
        return cls(file, settings, outcomes)

    def keep(self, part: Part, outcome: Outcome) -> None:
        """Add an outcome and write the file in one step."""
        self.outcomes[part.name] = outcome
        if self.file is None:
            return
        data = {
            "schema_version": SCHEMA_VERSION,
            "settings": dict(self.settings),
            "parts": {name: one.to_json() for name, one in self.outcomes.items()},
        }
        partial = self.file.with_name(f".{self.file.name}.partial")
        with partial.open("w", encoding="utf-8") as output:
            json.dump(data, output, indent=2, ensure_ascii=False, allow_nan=False)
            output.write("\n")
            output.flush()
            os.fsync(output.fileno())
        partial.replace(self.file)

    @property
    def missed(self) -> list[str]:
        """Names of the rows that missed their target."""
        return [row.name for row in self._rows() if row.reached is False]

    @property
    def broken(self) -> list[str]:
        """Parts that failed or timed out."""
        return [n for n, one in self.outcomes.items() if one.state in ("failed", "timed out")]

    @property
    def exit_code(self) -> int:
        """0 where every part that could run met its targets; 1 also where nothing was measured."""
        measured = any(row.reached is not None for row in self._rows())
        return int(bool(self.missed or self.broken) or not measured)

    def _rows(self) -> Iterator[Row]:
        return (row for outcome in self.outcomes.values() for row in outcome.rows)


def summary(results: Results) -> list[str]:
    """Return what the table does not show: unfinished parts and the number of missed targets."""
    lines = [
        f"{name}: {one.state}: {one.reason}"
        for name, one in results.outcomes.items()
        if one.state != "done"
    ]
    done = sum(one.state == "done" for one in results.outcomes.values())
    seconds = sum(one.seconds for one in results.outcomes.values())
    return [
        *lines,
        f"{done} of {len(results.outcomes)} parts done in {seconds:.0f} s, "
        f"{len(results.missed)} targets missed",
    ]


def markdown(results: Results, parts: Sequence[Part]) -> str:
    """Return the tables for docs/benchmarks.md."""
    lines = []
    for part in parts:
        outcome = results.outcomes.get(part.name)
        if outcome is None:
            continue
        lines += [f"**{part.title}**" + _state(outcome), ""]
        if outcome.rows:
            lines += ["| | target | figure |", "|---|---|---|"]
            lines += [f"| {row.name} | {row.target} | {_figure(row)} |" for row in outcome.rows]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _state(outcome: Outcome) -> str:
    return "" if outcome.state == "done" else f" ({outcome.state}: {outcome.reason})"


def _figure(row: Row) -> str:
    return f"{row.figure} **missed**" if row.reached is False else row.figure
