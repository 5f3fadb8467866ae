"""The report for people: one HTML file that holds everything it shows.

It makes no network requests, works without JavaScript, and treats every text as text: whatever
a model wrote is escaped, and a content security policy keeps out any script but the page's own.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from evalguard import __version__, figures
from evalguard.records import SCHEMA_VERSION, CheckResult, GateResult, SamplePair, Verdict
from evalguard.reports import wording
from evalguard.reports.curve import draw_answers, draw_curve
from evalguard.reports.diff import Part, compare_words
from evalguard.reports.files import write_text
from evalguard.reports.forest import forest
from evalguard.reports.text import shorten, visible
from evalguard.verdicts import overall

TEXT_LIMIT = 4_000
"""Characters of a prompt or an answer that are shown."""
SAMPLES_SHOWN = 25
"""Lost samples of a gate that are shown."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the head of the page says about one of several candidates."""

    name: str
    verdict: Verdict
    damage: str
    sentence: str


def write_html(result: CheckResult, path: Path) -> Path:
    """Write the report.

    Args:
        result: What a check found.
        path: The file to write; folders are made as needed.

    Raises:
        UsageError: If the file cannot be written there.
    """
    return write_text(path, render_html(result))


def render_html(result: CheckResult) -> str:
    """Return the report as one HTML document."""
    script = (files("evalguard.reports") / "templates" / "script.js").read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            result=result,
            candidates=[_candidate(result, name) for name in wording.candidates(result)],
            axes=forest(result.gates),
            counted={verdict: _count(result, verdict) for verdict in Verdict},
            curves=[
                (model, draw_curve(model.training), draw_answers(model.training))
                for model in result.models
                if model.training
            ],
            script=Markup(script),  # noqa: S704 - the page's own file
            script_hash=digest,
            version=__version__,
            schema_version=SCHEMA_VERSION,
            losing=_losing(result),
            samples_shown=SAMPLES_SHOWN,
        )
    )


class _CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Templates as an earlier report compiled them, where they could be kept."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take a compiled template; one that cannot be read is compiled again."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # noqa: BLE001 - a cut file raises whatever pickle meets in it
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template; on a full or read-only disk the next report compiles it."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled_templates() -> jinja2.BytecodeCache | None:
    """Return jinja's cache in the folder for temporary files, which must be the user's alone."""
    try:
        return _CompiledTemplates(pattern=f"__evalguard_{__version__}_%s.cache")
    except (OSError, RuntimeError):  # jinja finds no folder, or one that others may write to
        return None


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evalguard.reports"),
        bytecode_cache=_compiled_templates(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(figures=figures, wording=wording, Verdict=Verdict, answers=_answers)
    environment.filters.update(cut=lambda text: shorten(text, TEXT_LIMIT))
    return environment


def _shown(value: object) -> object:
    """Make every text that a template prints visible; what is markup already stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _candidate(result: CheckResult, name: str) -> Candidate:
    gates = wording.gates_of(result, name)
    findings = [finding for finding in result.findings if finding.model == name]
    return Candidate(
        name=name,
        verdict=overall(gates)[0],
        damage=wording.damage_sentence(findings),
        sentence=wording.candidate_sentence(gates),
    )


def _losing(result: CheckResult) -> list[tuple[int, GateResult]]:
    """Return the gates with lost samples and their numbers, those that failed first."""
    numbered = [(number, gate) for number, gate in enumerate(result.gates) if gate.worst]
    return sorted(numbered, key=lambda entry: entry[1].verdict is not Verdict.FAIL)


def _count(result: CheckResult, verdict: Verdict) -> int:
    return sum(gate.verdict is verdict for gate in result.gates)


def _answers(pair: SamplePair) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Return both answers of a sample, split into what they share and what differs."""
    return compare_words(
        shorten(pair.baseline_output, TEXT_LIMIT), shorten(pair.candidate_output, TEXT_LIMIT)
    )
