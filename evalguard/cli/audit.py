"""``evalguard audit``: look at training data before anything is trained on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalguard.errors import ExitCode, PrerequisiteError, UsageError, did_you_mean
from evalguard.quiet import quiet

if TYPE_CHECKING:
    from evalguard.training.formats import Layout

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
@click.option("--model", help="Base whose tokenizer counts lengths.")
@click.option("--format", "format_name", help="Format of the rows, in place of a guess.")
@click.option("--max-length", type=click.IntRange(min=1), help="Tokens that training keeps.")
@click.option("--html", type=_PATH, help="Write the audit as a page.")
@click.option("--json", "json_path", type=_PATH, help="Write the audit as JSON, all places named.")
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
    """Look for what would spoil a training: DATA files, or one training config.

    Finds broken rows, duplicates and near duplicates, contradictions, items of the gate's suites,
    overlap with the held-out rows, answers that are broken or cut off, personal data and secrets,
    and answers that teach refusal or harm. With a training config (.yaml), its files, tokenizer
    and max_length are taken. Errors give exit code 4, warnings 0.

    \b
    Examples:
      evalguard audit data/tickets.jsonl
      evalguard audit data/tickets.jsonl --against evalguard.yaml
      evalguard audit training/tickets.yaml --against suites/ --html audit.html
    """
    from dataclasses import asdict

    from rich.console import Console

    from evalguard.reports.files import write_text

    try:
        with quiet():
            from evalguard.training.audit import audit, audit_config
            from evalguard.training.audit_report import print_report, render_html
            from evalguard.training.load import load_training_config
    except ImportError as error:
        raise PrerequisiteError("The audit", extra="train") from error
    suites = [file for path in against for file in _files(path)]
    if data[0].suffix in (".yaml", ".yml"):
        if len(data) > 1 or validation or model or format_name or max_length:
            raise UsageError("with a training config, only --against, --html and --json apply")
        settings = load_training_config(data[0])
        report = audit_config(settings, base_dir=data[0].parent, against=suites)
    else:
        report = audit(
            data,
            validation=validation,
            against=suites,
            tokenizer=_tokenizer(model),
            max_length=max_length,
            layouts=_layouts(data, validation, format_name),
        )
    print_report(report, Console())
    if html is not None:
        write_text(html, render_html(report))
    if json_path is not None:
        write_text(json_path, json.dumps(asdict(report), indent=2, ensure_ascii=False) + "\n")
    return ExitCode.USAGE if report.errors else ExitCode.PASS


def _files(path: Path) -> list[Path]:
    """Return a file, or the suites of a folder."""
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.yaml"))
    if not found:
        raise UsageError(f"--against {path}: no suites (*.yaml) in this folder")
    return found


def _layouts(
    data: tuple[Path, ...], validation: Path | None, name: str | None
) -> dict[Path, Layout]:
    """Return the format of every file, where the command names one."""
    from evalguard.training.formats import FORMATS, Layout

    if name is None:
        return {}
    if name not in FORMATS:
        raise UsageError(f"--format '{name}'? {did_you_mean(name, FORMATS)}")
    return dict.fromkeys((*data, *([validation] if validation else [])), Layout(format=name))


def _tokenizer(model: str | None) -> object:
    if model is None:
        return None
    from transformers import AutoTokenizer

    from evalguard.training.base import open_pretrained

    with quiet():
        return open_pretrained(AutoTokenizer, model)
