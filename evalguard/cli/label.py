"""``evalguard label``: people's labels, to which a judge is held."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from evalguard.runner.labelling import Answer

_EPILOG = """
\b
Examples:
  evalguard label manners             show 60 answers, one after the other: y or n
  evalguard label manners -n 200      a hundred and more make kappa worth something
  evalguard label help --task tone    where a suite has several judged tasks
"""

_KEYS = {"y": True, "n": False}


@click.command(epilog=_EPILOG)
@click.argument("suite")
@click.option("--task", metavar="NAME", help="The task, where the suite has several.")
@click.option("-n", "count", type=click.IntRange(1), default=60, show_default=True, help="Answers.")
@click.option(
    "--config", default="evalguard.yaml", show_default=True, help="Project file.", metavar="PATH"
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override one value of it."
)
def command(
    suite: str, task: str | None, count: int, config: str, overrides: tuple[str, ...]
) -> None:
    """Label answers of the models, for a judge to be held to.

    Baseline and candidates answer the prompts of a judged task, and their answers are shown in
    random order without saying whose they are. Each label is kept at once; run it again to go on.
    """
    from rich.console import Console

    from evalguard.config import load_project
    from evalguard.errors import UsageError
    from evalguard.runner.labelling import answers, find

    console = Console()
    project = load_project(Path(config), overrides=overrides, labels=False)
    labelling = find(project, suite, task)
    if labelling.path.suffix not in (".jsonl", ".ndjson"):
        raise UsageError(f"{labelling.path}: labels are added to JSON lines; name it .jsonl")
    with console.status("the models answer"):
        shown = answers(project, labelling, count)
    done = _labelled(labelling.path)
    left = [one for one in shown if _identity(one.labelled(True)) not in done]
    console.print(f"[bold]Does it meet the criterion:[/] {labelling.config.criterion}")
    _ask(console, left, labelling.path)
    _summarise(console, labelling.path, suite)


def _ask(console: Console, left: Sequence[Answer], path: Path) -> None:
    """Ask for a label of each answer and append it to the file."""
    from rich.text import Text

    for number, answer in enumerate(left, 1):
        console.rule(f"{number} of {len(left)}", style="dim")
        console.print(Text(answer.question, style="dim"))
        console.print(Text(answer.text or "(empty)", style="bold"))
        click.echo("y yes · n no · s skip · q stop: ", nl=False)
        key = _key()
        click.echo(key)
        if key == "q":
            return
        if key in _KEYS:
            _append(path, answer.labelled(_KEYS[key]))


def _key() -> str:
    """Read keys until one says something; the end of the input says stop."""
    while True:
        key = (click.getchar() if sys.stdin.isatty() else sys.stdin.read(1)).lower()
        if key in {*_KEYS, "s", "q"}:
            return key
        if key in {"", "\x04"}:
            return "q"


def _append(path: Path, row: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    gap = "\n" if text and not text.endswith("\n") else ""
    with path.open("a", encoding="utf-8") as file:
        file.write(gap + json.dumps(row, ensure_ascii=False) + "\n")


def _labelled(path: Path) -> set[str]:
    from evalguard.tasks.rows import read_rows

    if not path.is_file() or not path.stat().st_size:
        return set()
    return {_identity(row.data) for row in read_rows(path)}


def _identity(row: Mapping[str, Any]) -> str:
    return json.dumps({key: row[key] for key in row if key != "label"}, sort_keys=True)


def _summarise(console: Console, path: Path, suite: str) -> None:
    from evalguard.tasks.judge import FEWEST_OF_A_LABEL, read_label
    from evalguard.tasks.rows import read_rows

    if not path.is_file():
        console.print("nothing labelled")
        return
    counts = Counter(read_label(row.data.get("label")) for row in read_rows(path))
    yes, no = counts[True], counts[False]
    console.print(f"{path}: {yes} yes, {no} no")
    missing = {"yes": FEWEST_OF_A_LABEL - yes, "no": FEWEST_OF_A_LABEL - no}
    wanted = [f"{number} more {label}" for label, number in missing.items() if number > 0]
    if wanted:
        console.print(
            f"Needed: {' and '.join(wanted)}. Where the models give none, write answers by hand."
        )
    else:
        console.print(f"Next: [bold]evalguard check -k {suite}[/]")
