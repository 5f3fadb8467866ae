"""``evalguard label``: people's labels, to which a judge is held."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from evalguard.cli.label_file import LabelFile
    from evalguard.runner.labelling import Item, Labelling

_EPILOG = """
\b
Examples:
  evalguard label manners             label 60 answers, one at a time: y or n
  evalguard label manners -n 200      100 labels or more make kappa reliable
  evalguard label help --task tone    if the suite has several judged tasks
"""


@click.command(epilog=_EPILOG)
@click.argument("suite")
@click.option("--task", metavar="NAME", help="Task to label, if the suite has several.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(1),
    default=60,
    show_default="60",
    metavar="N",
    help="Number of answers, or pairs, to label.",
)
@click.option(
    "--config", default="evalguard.yaml", show_default=True, help="Project file.", metavar="PATH"
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a value of the project file; repeatable.",
)
def command(
    suite: str, task: str | None, count: int, config: str, overrides: tuple[str, ...]
) -> None:
    """Label model answers to validate the LLM judge.

    Baseline and candidates answer the prompts of a judged task; their answers are shown blind, in
    random order. Each label is saved at once; run the command again to resume. If the task sets
    `drawn`, all answers to the drawn questions are shown.
    """
    from rich.console import Console

    from evalguard.cli.label_file import LabelFile
    from evalguard.config import load_project
    from evalguard.runner.labelling import find, items

    console = Console()
    project = load_project(Path(config), overrides=overrides, labels=False)
    labelling = find(project, suite, task)
    file = LabelFile(labelling.path)
    file.prepare()
    _check_own(console, labelling, file)
    with console.status("the models answer"):
        shown = items(project, labelling, count)
    column = labelling.task.label_column
    stored = file.rows()
    done = {identity(row, column) for row in stored}
    left = [one for one in shown if identity(one.columns, column) not in done]
    console.print(f"[bold]Criterion:[/] {escape(labelling.config.criterion)}")
    added = _ask(console, left, labelling, file)
    _summarise(console, labelling, file, others=len(file.rows()) - len(stored) - added)


def _check_own(console: Console, labelling: Labelling, file: LabelFile) -> None:
    """Refuse a file of another form or task; warn if its labels belong to other prompts.

    Raises:
        UsageError: If the suite maps the file's columns or values, or a row has no label of ours.
        DataError: If a row cannot be read as a label of the task.
    """
    from evalguard.errors import UsageError

    column = labelling.task.label_column
    rows = file.rows()
    foreign = labelling.config.labelled.is_mapped or any(column not in row for row in rows)
    if foreign:
        raise UsageError(
            f"{labelling.path}: labels can only be added to a file with the column '{column}' and "
            "without a mapping of columns or values; name another file under 'labelled'"
        )
    questions = {one.question for one in labelling.task.read_labels()} if rows else set()
    if questions and questions.isdisjoint(one.prompt for one in labelling.task.requests(None)):
        console.print(
            f"[yellow]{escape(str(labelling.path))}: none of its {len(rows)} labels belongs to a "
            f"prompt in {escape(labelling.config.data)}. If the file belongs to another suite, "
            "quit with q and name another file under 'labelled'.[/]"
        )


def _ask(console: Console, left: Sequence[Item], labelling: Labelling, file: LabelFile) -> int:
    """Ask for a label of each item and add it to the file; return how many were given."""
    added = 0
    labels = {label[0]: label for label in labelling.task.label_names}
    legend = " · ".join(f"{key} {label}" if key != label else key for key, label in labels.items())
    for number, item in enumerate(left, 1):
        console.rule(f"{number} of {len(left)}", style="dim")
        console.print(Text(item.question, style="dim"))
        for column, answer in item.answers.items():
            name = f"{column}: " if len(item.answers) > 1 else ""
            console.print(Text(name + (answer or "(empty)"), style="bold"))
        click.echo(f"{legend} · s skip · q stop: ", nl=False)
        key = _key({*labels, "s", "q"})
        click.echo(key)
        if key == "q":
            break
        if key in labels:
            file.add({**item.columns, labelling.task.label_column: labels[key]})
            added += 1
    return added


def _key(known: Collection[str]) -> str:
    """Read keys until one says something; the end of the input and Ctrl-C say stop."""
    while True:
        try:
            key = (click.getchar() if sys.stdin.isatty() else sys.stdin.read(1)).lower()
        except KeyboardInterrupt:
            return "q"
        if key in {"", "\x04"}:
            return "q"
        if key in known:
            return key


def identity(row: Mapping[str, Any], label: str) -> str:
    """Return a row without its label as text, with what JSON or an editor makes of its values."""
    from evalguard.cli.label_file import written_line
    from evalguard.scorers.written import comparable

    values = {
        key: comparable(value) if isinstance(value, str) else value
        for key, value in row.items()
        if key != label
    }
    return written_line(values, sort_keys=True)


def _summarise(console: Console, labelling: Labelling, file: LabelFile, *, others: int) -> None:
    from evalguard.tasks.judged import FEWEST_OF_A_LABEL

    task = labelling.task
    given = Counter(task.read_label(row.get(task.label_column)) for row in file.rows())
    counts = {label: given[label] for label in task.label_names[:2]}
    named = [label for label in task.label_names if label in counts or given[label]]
    told = ", ".join(f"{given[label]} {label}" for label in named)
    console.print(f"{escape(str(labelling.path))}: {told}")
    if others > 0:
        console.print(
            f"{others} of them were added by someone else in the meantime. All labels are kept; an "
            "answer labelled more than once gets the majority label."
        )
    missing = {label: FEWEST_OF_A_LABEL - count for label, count in counts.items()}
    wanted = [f"{number} more {label}" for label, number in missing.items() if number > 0]
    if wanted:
        console.print(
            f"Needed: {' and '.join(wanted)}. If no model produces such answers, write some "
            "by hand."
        )
    else:
        console.print(f"Next: [bold]evalguard check -k {labelling.suite}[/]")
