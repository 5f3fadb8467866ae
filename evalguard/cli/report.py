"""``evalguard report``: show a result again, from the JSON of an earlier check."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """
\b
Examples:
  evalguard report result.json                       in the terminal
  evalguard report result.json --html report.html    as a page
  evalguard report result.json --markdown -          as Markdown, for a PR comment
  evalguard report result.json --to json copy.json   any format, by name
"""


@click.command(epilog=_EPILOG)
@click.argument("result", metavar="RESULT.json", type=click.Path(path_type=Path))
@click.option("--html", "html_path", metavar="PATH", help="Write the HTML report.")
@click.option("--markdown", "markdown_path", metavar="PATH",
              help="Write a summary in Markdown; '-' prints it.")  # fmt: skip
@click.option("--to", "written", nargs=2, multiple=True, metavar="FORMAT PATH",
              help="Write another format, such as one that a package adds.")  # fmt: skip
def command(
    result: Path,
    html_path: str | None,
    markdown_path: str | None,
    written: tuple[tuple[str, str], ...],
) -> None:
    """Render a saved result as HTML, Markdown or text.

    RESULT.json is what `evalguard check --json` wrote. Nothing is measured.
    """
    from evalguard import api
    from evalguard.reports.files import write_text
    from evalguard.reports.registry import find_format

    check = api.read_result(result)
    named = (("html", html_path), ("markdown", markdown_path))
    wanted = [(find_format(name), path) for name, path in (*named, *written) if path is not None]
    for form, path in wanted:
        text = form.render(check)
        if path == "-":
            click.echo(text, nl=False)
        else:
            click.echo(f"report: {write_text(Path(path), text)}", err=True)
    if not wanted:
        from evalguard.reports.terminal import print_summary

        print_summary(check)
