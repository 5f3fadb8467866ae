"""The forms that a result can be written in: one row each, and those of packages.

A package adds a format by an entry point of the group ``evalguard.reports`` that names a
:class:`ReportFormat`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalguard import plugins
from evalguard.errors import UsageError, did_you_mean
from evalguard.records import CheckResult

GROUP = "evalguard.reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """A format that a result can be written in.

    Attributes:
        name: Its name on the command line.
        render: Returns the text of the report.
        summary: What it is for, in a few words.
    """

    name: str
    render: Callable[[CheckResult], str]
    summary: str


def find_format(name: str) -> ReportFormat:
    """Return a report format by its name.

    Raises:
        UsageError: If there is no such format, or a package's cannot be loaded.
    """
    found = _BUILT_IN.get(name) or plugins.load(GROUP, name, ReportFormat)
    if found is None:
        known = [*_BUILT_IN, *plugins.points(GROUP)]
        raise UsageError(f"no report format '{name}'. {did_you_mean(name, known)}")
    return found


def _html(result: CheckResult) -> str:
    from evalguard.reports.html import render_html

    return render_html(result)


def _json(result: CheckResult) -> str:
    from evalguard.reports.json_report import render_json

    return render_json(result)


def _markdown(result: CheckResult) -> str:
    from evalguard.reports.markdown import render_markdown

    return render_markdown(result)


_BUILT_IN = {
    form.name: form
    for form in (
        ReportFormat(name="html", render=_html, summary="an HTML page"),
        ReportFormat(name="json", render=_json, summary="the complete result, machine-readable"),
        ReportFormat(name="markdown", render=_markdown, summary="a summary for a PR comment"),
    )
}
