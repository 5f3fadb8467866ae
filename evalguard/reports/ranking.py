"""Several candidates in order of merit, with every gate side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evalguard import figures
from evalguard.records import Ability, CheckResult, GateResult, Verdict, one_sided_error
from evalguard.reports import wording
from evalguard.reports.displayable import displayable
from evalguard.reports.terminal import STYLES
from evalguard.verdicts import overall


@dataclass(frozen=True, slots=True)
class Standing:
    """How one candidate stands.

    Attributes:
        name: The candidate.
        verdict: What its gates say together.
        passed: Number of gates that passed.
        total: Number of its gates.
        task_change: Mean change over its task gates; ``None`` without a measured one.
    """

    name: str
    verdict: Verdict
    passed: int
    total: int
    task_change: float | None


def rank(result: CheckResult) -> tuple[Standing, ...]:
    """Return the candidates in order: by verdict, then by gates passed and the task's change.

    Each was tested against the baseline, none against another: the order among equals is that of
    the measured change and no claim of a difference.
    """
    standings = [
        _standing(name, wording.gates_of(result, name)) for name in wording.candidates(result)
    ]
    order = list(Verdict)
    return tuple(
        sorted(
            standings,
            key=lambda standing: (
                order.index(standing.verdict),
                -standing.passed / standing.total,
                -(standing.task_change or 0.0),
            ),
        )
    )


def render_ranking(result: CheckResult) -> RenderableType:
    """Return the ranking and the matrix of gates by candidates for a terminal."""
    result = displayable(result)
    standings = rank(result)
    return Group(
        Text(),
        Text(f"{wording.headline(result)}.", style="bold"),
        Text(),
        _ranking_table(standings),
        Text(),
        _matrix(result, [standing.name for standing in standings]),
        Text(),
        Text(_basis(result), style="dim"),
        Text(),
    )


def _basis(result: CheckResult) -> str:
    """Say what the ranking rests on, and how often one of several bad candidates would pass."""
    said = "Each candidate was tested against the baseline, not against the others."
    error, names = _error(result.gates), wording.candidates(result)
    chance = sum(_error(wording.gates_of(result, name), shared=True) for name in names)
    if chance <= error * (1 + 1e-9):
        return said
    return (
        f"{said} If all were bad, at least one would pass in up to {min(chance, 1.0):.0%} of runs, "
        f"not {error:.0%}: to release whichever passes, check all in one project with "
        "--selection any."
    )


def _error(gates: Sequence[GateResult], *, shared: bool = False) -> float:
    """Return the greatest error of a candidate's PASS, or of its share of it."""
    return max(
        one_sided_error(gate.confidence_level) / (gate.sharing if shared else 1) for gate in gates
    )


def _ranking_table(standings: Sequence[Standing]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for head in ("", "candidate", "verdict", "gates passed", "task"):
        table.add_column(head, justify="right" if head in ("gates passed", "task") else "left")
    for place, standing in enumerate(standings, start=1):
        change = standing.task_change
        table.add_row(
            str(place),
            Text(standing.name, style="bold"),
            Text(
                f"{figures.SYMBOLS[standing.verdict]} {standing.verdict}", STYLES[standing.verdict]
            ),
            f"{standing.passed} of {standing.total}",
            figures.NOTHING if change is None else f"{change * 100:+.1f} pp",
        )
    return table


def _matrix(result: CheckResult, names: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("gate", overflow="fold")
    for name in names:
        table.add_column(Text(name), justify="right", overflow="fold")
    rows: dict[tuple[str, str], dict[str, GateResult]] = {}
    for gate in result.gates:
        rows.setdefault((gate.name, figures.subject(gate)), {})[gate.model] = gate
    for (name, subject), cells in rows.items():
        label = Text.assemble(name, (f"\n{subject}", "dim"))
        table.add_row(label, *(_cell(cells.get(candidate)) for candidate in names))
    return table


def _cell(gate: GateResult | None) -> Text:
    if gate is None:
        return Text(figures.NOTHING, style="dim")
    change = figures.difference(gate, gate.delta)
    return Text(f"{figures.SYMBOLS[gate.verdict]} {change}", style=STYLES[gate.verdict])


def _standing(name: str, gates: Sequence[GateResult]) -> Standing:
    changes = [
        gate.delta
        for gate in gates
        if gate.ability is Ability.TASK and gate.delta is not None and figures.in_percent(gate)
    ]
    return Standing(
        name=name,
        verdict=overall(gates)[0],
        passed=sum(gate.verdict is Verdict.PASS for gate in gates),
        total=len(gates),
        task_change=fmean(changes) if changes else None,
    )
