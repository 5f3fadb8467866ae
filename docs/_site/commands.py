"""The command reference, written from the click commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from evalguard.cli import COMMANDS, app

_INTRODUCTION = """# Command line

`evalguard COMMAND --help` shows the same. Every command exits with one of the
[exit codes](errors.md#evalguard.ExitCode).

"""


_LIMITS = re.compile(r"(.*?)(?:\s*\[(?:default: )?([^\]]*)\])?")
"""What click says of an option, then in brackets its default and range, or that it is needed."""


def command_page() -> str:
    """Return a page with every command, its arguments and options, and its examples."""
    top = click.Context(app, info_name="evalguard")
    rows = [
        f"| [`evalguard {name}`](#evalguard-{name}) | {text} |" for name, text in COMMANDS.items()
    ]
    sections: list[str] = []
    for name in COMMANDS:
        command = app.get_command(top, name)
        assert command is not None
        sections.extend(_sections(command, click.Context(command, info_name=name, parent=top)))
    overview = "\n".join(["| command | |", "|---|---|", *rows])
    return f"{_INTRODUCTION}{overview}\n\n" + "\n\n".join(sections) + "\n"


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the section of a command, then those of its own commands."""
    level = "#" * (1 + context.command_path.count(" "))
    identifier = context.command_path.replace(" ", "-")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    summary, _, details = inspect.cleandoc(command.help or "").partition("\n\n")
    parts = [
        f"{level} `{context.command_path}` {{ #{identifier} }}",
        _prose(summary),
        _code(usage),
        _prose(details),
        _options(command, context),
        _prose(command.epilog or ""),
    ]
    yield "\n\n".join(part for part in parts if part)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _sections(inner, click.Context(inner, info_name=name, parent=context))


def _options(command: click.Command, context: click.Context) -> str:
    """Return the options as a table; ``--help``, which all have, is left out."""
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or not record[1] or "--help" in parameter.opts:
            continue
        found = _LIMITS.fullmatch(record[1].replace("|", r"\|"))
        text, limits = found.groups() if found else (record[1], None)
        names = record[0].replace(" RANGE", "")
        rows.append((f"`{names}`", _marked(text), f"`{limits}`" if limits else ""))
    if not rows:
        return ""
    head = [("option", "", "default, range"), ("---", "---", "---")]
    width = 3 if any(limits for *_, limits in rows) else 2
    return "\n".join(f"| {' | '.join(row[:width])} |" for row in [*head, *rows])


def _prose(text: str) -> str:
    r"""Return click's help as Markdown: a paragraph after ``\b`` keeps its lines, so it is code."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        kept = paragraph.startswith("\b")
        lines = paragraph.removeprefix("\b").strip("\n").splitlines()
        if not kept:
            parts.append(_marked(" ".join(line.strip() for line in lines)))
            continue
        indented = [line for line in lines if line.startswith("  ")]
        title = [_marked(line) for line in lines[: len(lines) - len(indented)]]
        parts.append("\n".join(title))
        parts.append(_code("\n".join(line.removeprefix("  ") for line in indented)))
    return "\n\n".join(part for part in parts if part)


def _code(text: str) -> str:
    return f"```console\n{text}\n```" if text else ""


def _marked(text: str) -> str:
    """Set the options and the JSON in a sentence as code; nothing else in it is markup."""
    text = re.sub(r"(?<![\w`-])(--[a-z][\w-]*|\{\".*?\"?\})(?![\w`])", r"`\1`", text)
    return re.sub(r"([<>*_])(?=[^`]*(?:`[^`]*`[^`]*)*$)", r"\\\1", text)
