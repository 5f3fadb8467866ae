"""``evalguard init``: a commented starting project that loads as it stands."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from evalguard.errors import UsageError

PROJECT_FILES = (
    "evalguard.yaml",
    "suites/example.yaml",
    "suites/data/example.jsonl",
    "thresholds/release.yaml",
)
WORKFLOW = ".github/workflows/evalguard.yml"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--github", is_flag=True, help=f"Also write {WORKFLOW}.")
def command(folder: Path, github: bool) -> None:
    """Create a starter project in FOLDER (default: the current directory).

    Existing files are never overwritten.
    """
    sources = {name: name for name in PROJECT_FILES}
    if github:
        sources[WORKFLOW] = "github/evalguard.yml"
    write_project(folder, sources)
    for name in sources:
        click.echo(f"wrote {folder / name}")
    step = "" if folder == Path() else f"cd {folder}\n  "
    click.echo(
        f"\nNext:\n  {step}"
        "edit evalguard.yaml     name your base model and your adapter\n  "
        "edit suites/            replace the example with your own questions\n  "
        "evalguard check         gate the adapter\n\n"
        "To see a complete run on the bundled model first: evalguard demo"
    )


def write_project(folder: Path, sources: dict[str, str]) -> None:
    """Copy the starter files, or none of them.

    Args:
        folder: Where to; made if it is missing.
        sources: Path within ``folder`` → path within the package's ``starter`` folder.

    Raises:
        UsageError: If a file is there already, or the folder cannot be written.
    """
    there = [str(folder / name) for name in sources if (folder / name).exists()]
    if there:
        raise UsageError(
            f"nothing written, because these files exist: {', '.join(there)}. "
            "Move them away, or name another folder: evalguard init FOLDER"
        )
    starter = files("evalguard.cli") / "starter"
    try:
        for name, source in sources.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8") as stream:
                stream.write((starter / source).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder}: cannot be written: {error.strerror}. "
            "Name a folder that you may write to: evalguard init FOLDER"
        ) from error
