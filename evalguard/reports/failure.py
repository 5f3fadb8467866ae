"""What a failing gate prints under pytest: the figures and the samples that show the loss."""

from __future__ import annotations

from evalguard import figures
from evalguard.records import GateResult, SamplePair, Verdict
from evalguard.reports.forest_line import LEGEND, forest_line
from evalguard.reports.scale import fit_scale
from evalguard.reports.text import one_line

_SAMPLES_SHOWN = 3
_TEXT_LIMIT = 320
_BAR_WIDTH = 60


def failure_text(result: GateResult) -> str:
    """Return the text for a gate that did not pass, without colour.

    It holds the figures, the interval drawn against the margin, and the three worst samples with
    prompt, target and both answers.
    """
    lines = [
        f"{result.verdict}  {result.name}",
        f"{figures.subject(result)}, candidate {result.model}, {result.requirement or 'no margin'}",
        result.reason,
        "",
    ]
    if result.delta is not None:
        lines += [*_figures(result), ""]
    lines += _samples(result)
    return "\n".join(lines).rstrip()


def _figures(result: GateResult) -> list[str]:
    direction = "" if result.higher_is_better else " (lower is better)"
    rows = [
        (
            "score",
            f"{figures.score(result, result.baseline)} baseline → "
            f"{figures.score(result, result.candidate)} candidate{direction}",
        ),
        (
            "change",
            f"{figures.difference(result, result.delta)}, {figures.level(result)} one-sided "
            f"bounds {figures.interval(result)}",
        ),
        ("margin", figures.margin(result)),
        ("samples", _sample_counts(result)),
        ("p-values", _pvalues(result)),
    ]
    if result.stages:
        rows.append(("stages", figures.stages(result)))
    if result.corrected:
        rows.append(("corrected", figures.corrected(result)))
    rows += _outlook(result)
    text = [f"  {label:<9} {value}" for label, value in rows]
    bar = forest_line(result, fit_scale([result]), _BAR_WIDTH)
    return [*text, f"  {'':<9} {bar}", f"  {'':<9} {LEGEND}"]


def _sample_counts(result: GateResult) -> str:
    parts = [figures.samples(result)]
    if result.losses is not None:
        parts.append(figures.counts(result))
    if result.missing:
        parts.append(f"{result.missing:,} missing")
    return ", ".join(parts)


def _pvalues(result: GateResult) -> str:
    adjusted = figures.pvalue(result.p_fail_adjusted)
    text = (
        f"pass {figures.pvalue(result.p_pass)}, fail {figures.pvalue(result.p_fail)} "
        f"(Holm-adjusted {adjusted}), α {figures.pvalue(result.alpha)}"
    )
    if result.sharing > 1:
        shared = f"shared by {result.sharing} candidates"
        text += f" (pass {figures.pvalue(result.alpha_pass)}, {shared})"
    return f"{text}; {result.method}" if result.method else text


def _outlook(result: GateResult) -> list[tuple[str, str]]:
    """Say what would decide a gate that could not be decided."""
    if result.verdict is not Verdict.INCONCLUSIVE:
        return []
    rows = []
    if result.required_in_reach:
        rows.append(("needed", f"about {result.required_n:,} samples would decide"))
    elif result.required_n:
        rows.append(
            ("needed", f"{result.required_n:,} samples: the suite is too small for its margin")
        )
    if result.mde is not None:
        rows.append(
            ("power", f"a change of {figures.difference(result, result.mde)} passes in 80% of runs")
        )
    return rows


def _samples(result: GateResult) -> list[str]:
    if not result.worst:
        return []
    shown = result.worst[:_SAMPLES_SHOWN]
    of = f" of {result.losses:,} lost" if result.losses else ""
    lines = [f"Worst samples ({len(shown)}{of}):"]
    for number, pair in enumerate(shown, start=1):
        lines += [f"  {number}. {one_line(pair.task, 60)} / {one_line(pair.sample_id, 60)}"]
        lines += [f"     {label:<10} {text}" for label, text in _parts(pair)]
    return lines


def _parts(pair: SamplePair) -> list[tuple[str, str]]:
    return [
        ("prompt", one_line(pair.prompt, _TEXT_LIMIT)),
        ("target", one_line(pair.target, _TEXT_LIMIT)),
        ("baseline", _answer(pair.baseline_output, pair.baseline_score, pair.baseline_written)),
        ("candidate", _answer(pair.candidate_output, pair.candidate_score, pair.candidate_written)),
    ]


def _answer(output: str, score: float | None, written: str) -> str:
    value = "not measured" if score is None else f"score {score:g}"
    nothing = f"(no answer after) {one_line(written, _TEXT_LIMIT)}" if written else "(empty)"
    return f"{one_line(output, _TEXT_LIMIT) or nothing}  [{value}]"
