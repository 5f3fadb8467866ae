"""An audit as a page and on the terminal."""

from __future__ import annotations

import jinja2
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from evalguard import __version__
from evalguard.training.audit_findings import AuditReport, Level


def headline(report: AuditReport) -> str:
    """Return what the audit came to, in one sentence."""
    errors = len(report.errors)
    warnings = len(report.findings) - errors
    if not report.findings:
        return f"{report.rows:,} rows, no findings"
    counts = [_count(errors, "error"), _count(warnings, "warning")]
    found = " and ".join(count for count in counts if count)
    return f"{report.rows:,} rows, {found}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def render_html(report: AuditReport) -> str:
    """Return the audit as one self-contained page; every text of the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("evalguard.training"),
                jinja2.PackageLoader("evalguard.reports"),  # for the style that all pages share
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    template = environment.get_template("audit.html.j2")
    return template.render(report=report, headline=headline(report), version=__version__)


def print_report(report: AuditReport, console: Console) -> None:
    """Print what was made of each file, and every finding with its first pieces of evidence."""
    for note in report.notes:
        console.print(Text(note, style="dim"), soft_wrap=True)
    for finding in report.findings:
        is_error = finding.level is Level.ERROR
        sign, style = ("✕", "bold red") if is_error else ("!", "bold yellow")
        console.print(Text.assemble((f"{sign} ", style), (finding.title, "bold")))
        console.print(Padding(Text(finding.advice, style="dim"), (0, 0, 0, 2)))
        for evidence in finding.evidence[:3]:
            console.print(Padding(Text(f"{evidence.where}  {evidence.text}"), (0, 0, 0, 4)))
            if evidence.other_where:
                other = Text(f"↔ {evidence.other_where}  {evidence.other_text}")
                console.print(Padding(other, (0, 0, 0, 6)))
        if len(finding.evidence) >= 3 and finding.count > 3:
            console.print(Padding(Text(f"… {finding.count - 3} more", style="dim"), (0, 0, 0, 4)))
    sign, style = ("✕", "bold red") if report.errors else ("✓", "bold green")
    summary = f"{headline(report)} ({report.seconds:.1f} s)"
    console.print(Text.assemble((f"{sign} ", style), summary))
