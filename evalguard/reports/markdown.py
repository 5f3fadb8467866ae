"""A summary in Markdown, of the size of a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evalguard import figures
from evalguard.records import CheckResult, Finding, GateResult, Severity, Verdict
from evalguard.reports import wording
from evalguard.reports.text import one_line

MAX_ROWS = 60
"""Gates in one table; a comment on GitHub holds 65,536 characters."""
MAX_FINDINGS = 12
_TEXT_LIMIT = 600
_MARKUP = re.compile(r"([\\`*_\[\]|~>])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", "@": "&#64;", "#": "&#35;"}
"""What a backslash does not stop: HTML, mentions of people and of issues."""
_HEAD = "| | Gate | Baseline → candidate | Change | Interval | Margin |\n|---|---|--:|--:|--:|--:|"


def render_markdown(result: CheckResult) -> str:
    """Return the verdict, the gates that did not pass and the findings.

    Gates that passed are folded away. All text is escaped: nothing in it can mention a person,
    link, or start markup.
    """
    sign = figures.SYMBOLS[result.verdict]
    parts = [
        f"### {sign} {_plain(wording.headline(result))}",
        _plain(wording.explanation(result)),
    ]
    open_gates = sorted(
        (gate for gate in result.gates if gate.verdict is not Verdict.PASS),
        key=lambda gate: gate.verdict is not Verdict.FAIL,
    )
    passed = [gate for gate in result.gates if gate.verdict is Verdict.PASS]
    several = len(wording.candidates(result)) > 1
    if open_gates:
        parts.append(_table(open_gates, several=several))
    damage = [
        finding
        for finding in wording.standing_findings(result.findings)
        if finding.severity is not Severity.NONE
    ]
    parts += [_finding(finding, result) for finding in damage[:MAX_FINDINGS]]
    if len(damage) > MAX_FINDINGS:
        parts.append(f"… and {len(damage) - MAX_FINDINGS} more findings.")
    parts += [f"> **Warning:** {_plain(warning)}" for warning in result.warnings]
    if passed:
        summary = "1 gate passed" if len(passed) == 1 else f"{len(passed)} gates passed"
        table = _table(passed, several=several)
        parts.append(f"<details><summary>{summary}</summary>\n\n{table}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def _table(gates: Sequence[GateResult], *, several: bool) -> str:
    rows = [_row(gate, several=several) for gate in gates[:MAX_ROWS]]
    more = len(gates) - MAX_ROWS
    if more > 0:
        rows.append(f"| | … and {more} more | | | | |")
    return "\n".join([_HEAD, *rows])


def _row(gate: GateResult, *, several: bool) -> str:
    name = f"**{_plain(gate.name)}**" + (f" ({_plain(gate.model)})" if several else "")
    members = f"<br>mean of {_plain(figures.pooled(gate))}" if gate.members else ""
    cells = (
        f"{figures.SYMBOLS[gate.verdict]} {gate.verdict.lower()}",
        f"{name}<br>{_plain(figures.subject(gate))}{members}",
        f"{figures.score(gate, gate.baseline)} → {figures.score(gate, gate.candidate)}",
        figures.difference(gate, gate.delta),
        figures.interval(gate),
        figures.margin(gate),
    )
    return f"| {' | '.join(cells)} |"


def _finding(finding: Finding, result: CheckResult) -> str:
    lines = [
        f"**{_plain(finding.title)}** ({finding.severity}, {_plain(finding.model)}). "
        f"{_plain(finding.explanation)}",
    ]
    if finding.cause:
        lines.append(f"- *Likely cause:* {_plain(finding.cause)}")
    if finding.repair:
        lines.append(f"- *Repair:* {_plain(finding.repair)}")
    for key, before, after in wording.config_changes(result, finding):
        arrow = f"{_plain(before)} → " if before else ""
        lines.append(f"  - `{key}`: {arrow}{_plain(after)}")
    return "\n".join([lines[0], "", *lines[1:]]) if len(lines) > 1 else lines[0]


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    escaped = _MARKUP.sub(r"\\\1", one_line(text, _TEXT_LIMIT))
    return "".join(_ENTITIES.get(character, character) for character in escaped)
