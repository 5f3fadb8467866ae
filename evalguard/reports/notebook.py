"""A result as a table in a notebook."""

from __future__ import annotations

from markupsafe import escape

from evalguard import figures
from evalguard.records import CheckResult, GateResult, Verdict
from evalguard.reports import wording

_COLOURS = {
    Verdict.PASS: "#1a7f37",
    Verdict.FAIL: "#cf222e",
    Verdict.INCONCLUSIVE: "#9a6700",
    Verdict.ERROR: "#8250df",
}
_HEADER = ("", "gate", "baseline", "candidate", "change", "interval", "allowed", "n")
_CELL = "padding:2px 10px;text-align:left"


def render_notebook(result: CheckResult) -> str:
    """Return the verdict and every gate as HTML; styles are inline, as notebooks want them."""
    several = len(wording.candidates(result)) > 1
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in _HEADER)
    rows = "".join(_row(gate, several=several) for gate in result.gates)
    warnings = "".join(f"<p>! {escape(warning)}</p>" for warning in result.warnings)
    return (
        f'<div><p><b style="color:{_COLOURS[result.verdict]}">'
        f"{figures.SYMBOLS[result.verdict]} {escape(wording.headline(result))}</b><br>"
        f"{escape(wording.explanation(result))}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{warnings}</div>"
    )


def _row(gate: GateResult, *, several: bool) -> str:
    name = f"{gate.suite} · {gate.name}" + (f" [{gate.model}]" if several else "")
    cells = (
        name,
        figures.score(gate, gate.baseline),
        figures.score(gate, gate.candidate),
        figures.difference(gate, gate.delta),
        figures.interval(gate) if gate.ci is not None else gate.reason,
        figures.margin(gate),
        f"{gate.n:,}",
    )
    verdict = (
        f'<td style="{_CELL};color:{_COLOURS[gate.verdict]}">'
        f"{figures.SYMBOLS[gate.verdict]} {gate.verdict}</td>"
    )
    others = "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells)
    return f"<tr>{verdict}{others}</tr>"
