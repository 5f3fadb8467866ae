"""``evalguard audit``: look at training data before anything is trained on it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from evalguard.errors import ExitCode

_PATH = click.Path(path_type=Path)


@click.command(name="audit")
@click.argument("data", nargs=-1, required=True, type=_PATH)
@click.option(
    "--against",
    multiple=True,
    type=_PATH,
    help="Suite, evalguard.yaml or data file whose questions must not be trained on.",
)
@click.option("--validation", type=_PATH, help="File of held-out rows.")
@click.option("--model", help="Model whose tokenizer counts tokens.")
@click.option("--format", "format_name", help="Format of the rows; detected by default.")
@click.option(
    "--max-length", type=click.IntRange(min=1), help="Maximum sequence length, in tokens."
)
@click.option("--html", type=_PATH, help="Write the audit as HTML.")
@click.option(
    "--json", "json_path", type=_PATH, help="Write the audit as JSON, with every location."
)
def command(
    data: tuple[Path, ...],
    against: tuple[Path, ...],
    validation: Path | None,
    model: str | None,
    format_name: str | None,
    max_length: int | None,
    html: Path | None,
    json_path: Path | None,
) -> int:
    """Check training data for duplicates, leaks, PII and broken rows.

    DATA is one or more data files, or one training config (.yaml), whose files, tokenizer and
    max_length are then used. Finds broken rows, exact and near duplicates, contradictions, items of
    the gate's suites, overlap with the held-out rows, malformed or truncated answers, personal data
    and secrets, and answers that teach refusal or harm. Errors exit with 4, warnings with 0.

    \b
    Examples:
      evalguard audit data/tickets.jsonl
      evalguard audit data/tickets.jsonl --against evalguard.yaml
      evalguard audit training/tickets.yaml --against suites/ --html audit.html
    """
    from dataclasses import asdict

    from rich.console import Console

    from evalguard import api
    from evalguard.reports.files import write_text

    report = api.audit(
        *data,
        against=against,
        validation=validation,
        model=model,
        format=format_name,
        max_length=max_length,
    )
    from evalguard.training.audit_report import print_report, render_html

    print_report(report, Console())
    if html is not None:
        write_text(html, render_html(report))
    if json_path is not None:
        write_text(json_path, json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
    return ExitCode.USAGE if report.errors else ExitCode.PASS
