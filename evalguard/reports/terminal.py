"""The result of a check in a terminal: verdict, table of gates, findings with their repair.

Colours and width follow the terminal; into a pipe or a log it prints plain text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evalguard import figures
from evalguard.records import CheckResult, Finding, GateResult, Severity, Verdict
from evalguard.reports import wording
from evalguard.reports.displayable import displayable
from evalguard.reports.failure import failure_text
from evalguard.reports.forest_line import LEGEND, forest_line
from evalguard.reports.scale import Scale, fit_scale
from evalguard.reports.text import one_line
from evalguard.verdicts import overall

__all__ = ["failure_text", "print_summary", "render"]

STYLES: Mapping[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.ERROR: "magenta",
}
_SEVERITY_STYLES: Mapping[Severity, str] = {
    Severity.NONE: "green",
    Severity.MILD: "yellow",
    Severity.MEDIUM: "dark_orange",
    Severity.SEVERE: "bold red",
}
_LOG_WIDTH = 120
_WIDE = 116
_MEDIUM = 84
_BAR_WIDTH = 25


def print_summary(
    result: CheckResult, *, color: bool | None = None, console: Console | None = None
) -> None:
    """Print a result.

    Args:
        result: What a check found.
        color: Whether to use colours; as standard output allows when ``None``.
        console: Where to print; standard output when ``None``.
    """
    console = console or _standard_output(color)
    console.print(render(result, width=console.width))


def render(result: CheckResult, *, width: int) -> RenderableType:
    """Return the result as something rich can print.

    Args:
        result: What a check found.
        width: Characters on a line; columns are left out, then stacked, as it gets narrow.
    """
    result = displayable(result)
    scale = fit_scale(gate for gate in result.gates if figures.in_percent(gate))
    parts: list[RenderableType] = [Text(), _verdict(result)]
    several = len(wording.candidates(result)) > 1
    for candidate in wording.candidates(result):
        gates = wording.gates_of(result, candidate)
        if several:
            parts += [Text(), _candidate_line(candidate, gates)]
        parts += [Text(), _gates(gates, scale, width)]
    if width >= _WIDE and result.gates:
        parts += [Text(), Text(LEGEND, style="dim")]
    for finding in wording.standing_findings(result.findings):
        parts += [Text(), _finding(finding, result, several=several)]
    parts += _closing(result)
    return Group(*parts)


def _standard_output(color: bool | None) -> Console:
    console = Console(highlight=False, force_terminal=color)
    if not console.file.isatty() and "COLUMNS" not in os.environ:
        console.width = _LOG_WIDTH
    return console


def _verdict(result: CheckResult) -> Text:
    return Text.assemble(
        (f"{figures.SYMBOLS[result.verdict]} {result.verdict}  ", STYLES[result.verdict]),
        (wording.headline(result), "bold"),
        f". {wording.explanation(result)}",
    )


def _candidate_line(candidate: str, gates: tuple[GateResult, ...]) -> Text:
    verdict = overall(gates)[0]
    return Text.assemble(
        (f"{figures.SYMBOLS[verdict]} {verdict}  ", STYLES[verdict]), (candidate, "bold")
    )


def _gates(gates: Iterable[GateResult], scale: Scale, width: int) -> RenderableType:
    if width < _MEDIUM:
        return Group(*(_stacked(gate) for gate in gates))
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("gate", ratio=1)
    table.add_column("baseline → candidate", justify="right", no_wrap=True)
    table.add_column("interval of the change", justify="right", no_wrap=True)
    if wide:
        table.add_column("against the margin", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    for gate in gates:
        cells = [_badge(gate), _name(gate), _moved(gate), Text(figures.interval(gate))]
        if wide:
            cells.append(_bar(gate, scale))
        table.add_row(*cells, _n(gate))
    return table


def _badge(gate: GateResult) -> Text:
    return Text(f"{figures.SYMBOLS[gate.verdict]} {gate.verdict}", style=STYLES[gate.verdict])


def _name(gate: GateResult) -> Text:
    name = Text(gate.name)
    name.append(f"\n{figures.subject(gate)}", style="dim")
    if gate.requirement:
        name.append(f" · {gate.requirement}", style="dim")
    if not gate.higher_is_better:
        name.append(" · lower is better", style="dim")
    if gate.members:
        name.append(f"\nmean of {figures.pooled(gate)}", style="dim")
    if wording.needs_its_reason(gate):
        name.append(f"\n{one_line(gate.reason, 300)}", style=STYLES[gate.verdict])
    return name


def _scores(gate: GateResult) -> Text:
    if gate.baseline is None and gate.candidate is None:
        return Text(figures.NOTHING, style="dim")
    return Text(f"{figures.score(gate, gate.baseline)} → {figures.score(gate, gate.candidate)}")


def _moved(gate: GateResult) -> Text:
    change = Text(figures.difference(gate, gate.delta), style=STYLES[gate.verdict])
    return Text.assemble(_scores(gate), "\n", change)


def _bar(gate: GateResult, scale: Scale) -> Text:
    """Draw the interval; only percentages have an axis in common."""
    if not figures.in_percent(gate):
        return Text()
    return Text(forest_line(gate, scale, _BAR_WIDTH), style=STYLES[gate.verdict])


def _n(gate: GateResult) -> Text:
    text = Text(f"{gate.n:,}")
    if gate.losses is not None and gate.gains is not None:
        text.append(f"\n{figures.MINUS}{gate.losses:,} +{gate.gains:,}", style="dim")
    if gate.stages:
        text.append(f"\n{figures.stages(gate)}", style="dim")
    return text


def _stacked(gate: GateResult) -> RenderableType:
    """Return a gate on separate lines, for terminals too narrow for a table."""
    text = Text.assemble(_badge(gate), "  ", _name(gate), "\n")
    text.append_text(_scores(gate))
    if gate.delta is not None:
        text.append(f"  {figures.difference(gate, gate.delta)}", style=STYLES[gate.verdict])
        text.append(f"  [{figures.interval(gate)}]")
    text.append("\n")
    return text


def _finding(finding: Finding, result: CheckResult, *, several: bool) -> RenderableType:
    heading = Text.assemble(
        (finding.title, "yellow" if finding.is_remark else _SEVERITY_STYLES[finding.severity]),
        ("" if finding.severity is Severity.NONE else f"  {finding.severity}", "dim"),
        (f"  {finding.model}" if several else "", "dim"),
    )
    body = Table.grid(padding=(0, 2, 0, 0))
    body.add_column(style="dim", no_wrap=True)
    body.add_column(overflow="fold")
    for label, value in (("seen", finding.explanation), ("cause", finding.cause)):
        if value:
            body.add_row(label, Text(value))
    if finding.repair:
        body.add_row("repair", Text(finding.repair))
    for key, before, after in wording.config_changes(result, finding):
        arrow = f"{before} → " if before else ""
        body.add_row("", Text(f"{key}: {arrow}{after}", style="cyan"))
    return Group(heading, Padding(body, (0, 0, 0, 2)))


def _closing(result: CheckResult) -> list[RenderableType]:
    """Return the warnings, and what was measured and reused."""
    lines: list[RenderableType] = [
        Text.assemble(("warning  ", "yellow"), one_line(warning, 400))
        for warning in (*result.warnings, *_notes(result))
    ]
    samples = sum(task.samples for task in result.tasks)
    if samples:
        reused = sum(task.reused for task in result.tasks)
        parts = [f"{samples:,} answers scored, {reused:,} of them reused", *wording.costs(result)]
        lines.append(Text(" · ".join(parts), style="dim"))
    return [Text(), *lines, Text()] if lines else [Text()]


def _notes(result: CheckResult) -> list[str]:
    return [f"{model.name}: {note}" for model in result.models for note in model.notes]
