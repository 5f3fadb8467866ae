"""Show the matrix: one line per task, large families folded into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.lm_eval_tasks.comparison import Line

FOLDED_FROM = 7
"""A family of at least this many tasks is one row."""

TARGET = "equal, decides"

HEADER = (
    "task", "lm-eval", "EvalGuard", "samples", "metrics", "values equal", "decides", TARGET,
    "reason",
)  # fmt: skip

_FAMILIES = (
    "mmlu_pro", "mmlu_flan_cot_fewshot", "mmlu_flan_cot_zeroshot", "mmlu_flan_n_shot_generative",
    "mmlu_flan_n_shot_loglikelihood", "mmlu_continuation", "mmlu",
    "bbh_cot_fewshot", "bbh_cot_zeroshot", "bbh_fewshot", "bbh_zeroshot",
    "leaderboard_bbh", "leaderboard_gpqa", "leaderboard_math", "leaderboard_musr",
    "hendrycks_math", "minerva_math", "gpqa",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folded:
    """One row of the table.

    Attributes:
        name: A task, or a family with a star.
        lines: The tasks in it.
    """

    name: str
    lines: tuple[Line, ...]

    def cells(self) -> tuple[str, ...]:
        """Return the text of each column."""
        lines = self.lines
        equal, values = sum(line.equal for line in lines), sum(line.values for line in lines)
        metrics = {len(line.metrics) for line in lines}
        texts = [text for line in lines for text in (line.reason, line.note) if text]
        reasons = {_generic(text): text for text in texts}
        return (
            self.name,
            self._count(line.on_lm_eval for line in lines),
            self._count(line.on_evalguard for line in lines),
            str(sum(line.samples for line in lines)),
            "–".join(str(number) for number in sorted({min(metrics), max(metrics)})),
            f"{equal} of {values}",
            self._count(line.decides for line in lines),
            self._count(line.reached for line in lines),
            " | ".join(reasons.values()),
        )

    def _count(self, flags: Iterable[bool]) -> str:
        values = list(flags)
        if len(values) == 1:
            return "yes" if values[0] else "NO"
        return f"{sum(values)} of {len(values)}"


def family(task: str, rows: str = "") -> str:
    """Return the family that a task belongs to; its own name where it has none."""
    return next((name for name in _FAMILIES if task.startswith(f"{name}_")), rows or task)


def fold(lines: Sequence[Line]) -> list[Folded]:
    """Return the rows of the table, in the order of the matrix."""
    families: dict[str, list[Line]] = {}
    for line in lines:
        families.setdefault(family(line.task), []).append(line)
    rows = []
    for name, members in families.items():
        if len(members) >= FOLDED_FROM:
            rows.append(Folded(f"{name}_*", tuple(members)))
        else:
            rows += [Folded(line.task, (line,)) for line in members]
    return rows


def markdown(lines: Sequence[Line]) -> str:
    """Return the table for the documentation; reasons where there are any."""
    rows = [row.cells() for row in fold(lines)]
    columns = len(HEADER) - (not any(row[-1] for row in rows))
    table = [HEADER[:columns], ("---",) * columns, *(row[:columns] for row in rows)]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table)


def summary(lines: Sequence[Line]) -> str:
    """Return what the matrix found, in one line."""
    refused = sum(line.refused for line in lines)
    reached = sum(line.reached for line in lines) - refused
    others = f" {refused} more are refused, each with one error that names what is missing;" * bool(
        refused
    )
    equal, values = sum(line.equal for line in lines), sum(line.values for line in lines)
    return (
        f"{reached} of {len(lines) - refused} tasks load, agree with lm-eval and decide;{others} "
        f"{equal:,} of {values:,} values are equal."
    )


def _generic(reason: str) -> str:
    """Return a reason without names and numbers, so that a family shows each kind once."""
    return re.sub(r"'[^']*'|\S*[\d_]\S*", "#", reason)[:80]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
