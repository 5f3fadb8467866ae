"""``evalguard report``: show a result again, from the JSON of an earlier check."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """
\b
Examples:
  evalguard report result.json                       in the terminal
  evalguard report result.json --html report.html    as a page
  evalguard report result.json --markdown -          as Markdown, for a comment
"""


@click.command(epilog=_EPILOG)
@click.argument("result", metavar="RESULT.json", type=click.Path(path_type=Path))
@click.option("--html", "html_path", metavar="PATH", type=click.Path(path_type=Path),
              help="Write the HTML report.")  # fmt: skip
@click.option("--markdown", "markdown_path", metavar="PATH",
              help="Write a summary in Markdown; '-' prints it.")  # fmt: skip
def command(result: Path, html_path: Path | None, markdown_path: str | None) -> None:
    """Show a result again.

    RESULT.json is what `evalguard check --json` wrote. Nothing is measured.
    """
    from evalguard.reports.json_report import read_json

    check = read_json(result)
    if html_path is None and markdown_path is None:
        from evalguard.reports.terminal import print_summary

        print_summary(check)
    if html_path is not None:
        from evalguard.reports.html import write_html

        click.echo(f"report: {write_html(check, html_path)}", err=True)
    if markdown_path is not None:
        from evalguard.reports.files import write_text
        from evalguard.reports.markdown import render_markdown

        text = render_markdown(check)
        if markdown_path == "-":
            click.echo(text, nl=False)
        else:
            click.echo(f"report: {write_text(Path(markdown_path), text)}", err=True)
