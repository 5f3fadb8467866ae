"""``evalguard compare``: rank the candidates of one or several checks."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """
\b
Examples:
  evalguard compare monday.json tuesday.json           ranking and gates side by side
  evalguard compare run-*.json --html compare.html     the same as a page
"""


@click.command(epilog=_EPILOG)
@click.argument("results", metavar="RESULT.json...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--html", "html_path", metavar="PATH", type=click.Path(path_type=Path),
              help="Write the HTML report of all candidates.")  # fmt: skip
@click.option("--json", "json_path", metavar="PATH", type=click.Path(path_type=Path),
              help="Write the merged result as JSON.")  # fmt: skip
def command(results: tuple[Path, ...], html_path: Path | None, json_path: Path | None) -> None:
    """Rank candidates by their results.

    Each RESULT.json is what `evalguard check --json` wrote; all of them must share one baseline.
    """
    from rich.console import Console

    from evalguard import api
    from evalguard.reports.ranking import render_ranking

    merged = api.compare(*results)
    Console(highlight=False).print(render_ranking(merged))
    if html_path is not None:
        click.echo(f"report: {api.write_html(merged, html_path)}", err=True)
    if json_path is not None:
        click.echo(f"result: {api.write_json(merged, json_path)}", err=True)
