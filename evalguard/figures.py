"""How the figures of a gate are written: units, signs, digits.

Scores between 0 and 1 read as percentages and their differences as percentage points; scores of
any other range (nats per token, say) read as plain numbers.
"""

from __future__ import annotations

from datetime import UTC, datetime

from evalguard.records import GateResult, Verdict

MINUS = "\u2212"
EXACT = "exact"
"""Begins the names of tests whose bounds rest on counts alone."""
NOTHING = "\u2013"
"""Shown where a figure does not apply or could not be had."""

SYMBOLS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.ERROR: "!",
}
"""A sign for each verdict, so that colour never stands alone."""


def in_percent(gate: GateResult) -> bool:
    """Return whether the gate's scores read as percentages.

    A score outside 0 to 1 never does, whatever the record says.
    """
    if not gate.percent:
        return False
    scores = (gate.baseline, gate.candidate)
    return all(value is None or 0 <= value <= 1 for value in scores)


def score(gate: GateResult, value: float | None) -> str:
    """Write a score of the gate, such as ``93.4%``."""
    if value is None:
        return NOTHING
    if in_percent(gate):
        return f"{value * 100:.1f}%"
    return _signed(value, f"{abs(value):.4g}", plus="")


def difference(gate: GateResult, value: float | None) -> str:
    """Write a difference of scores of the gate, such as ``−6.6 pp``."""
    if value is None:
        return NOTHING
    return (
        f"{bare_difference(gate, value)} pp" if in_percent(gate) else bare_difference(gate, value)
    )


def bare_difference(gate: GateResult, value: float) -> str:
    """Write a difference without its unit, for an axis or a column that names it."""
    if in_percent(gate):
        return _signed(round(value * 100, 1), f"{abs(value) * 100:.1f}")
    return _signed(value, f"{abs(value):.3g}")


def interval(gate: GateResult) -> str:
    """Write the confidence interval of the difference, such as ``−9.9 … −3.4 pp``."""
    if gate.ci is None:
        return NOTHING
    low, high = gate.ci
    return f"{bare_difference(gate, low)} … {difference(gate, high)}"


def pooled(gate: GateResult, most: int = 6) -> str:
    """Write the change of each gate of a pooled one, the one that pulls it down most first.

    Such as ``code −3.1 pp, maths −0.4 pp``.

    Args:
        gate: The pooled gate.
        most: How many to name, those that pull it down most.
    """
    members = sorted(gate.members, key=lambda member: member.pull)
    named = [f"{member.name} {difference(gate, member.delta)}" for member in members[:most]]
    if left := len(members) - len(named):
        named.append(f"and {left} more")
    return ", ".join(named)


def clipped(gate: GateResult) -> str:
    """Say that samples count only up to the clip; empty where all count in full."""
    return "" if gate.clip is None else f"a sample counts up to ±{gate.clip:g}"


def worst_case(gate: GateResult) -> str:
    """Say what the bounds of a gate allow for; empty where nothing was measured."""
    if gate.ci is None:
        return ""
    rare = "" if gate.method.startswith(EXACT) else "rare losses or gains that no sample showed"
    samples = "sample" if gate.missing == 1 else "samples"
    missing = f"any score of the {gate.missing:,} missing {samples}" if gate.missing else ""
    allowed = " and ".join(part for part in (rare, missing) if part)
    return f"allowing for {allowed}" if allowed else ""


def corrected(gate: GateResult) -> str:
    """Write what the scores show as they are, and what they were corrected by.

    Such as ``as scored 98.3% → 84.0%, change −14.3 pp (−19.0 … −9.0 pp); true rates about 98.1% →
    82.5%; sensitivity 95%, specificity 98%; holds while error rates differ by up to 1.8 pp between
    the models``.
    """
    found = gate.corrected
    if found is None:
        return NOTHING
    parts = [f"true rates about {score(gate, found.baseline)} → {score(gate, found.candidate)}"]
    if found.seen_delta is not None and found.seen_ci is not None:
        low, high = found.seen_ci
        scored = (
            f"as scored {score(gate, gate.baseline)} → {score(gate, gate.candidate)}, "
            f"change {difference(gate, found.seen_delta)} "
            f"({bare_difference(gate, low)} … {difference(gate, high)})"
        )
        parts.insert(0, scored)
    if found.sensitivity is not None and found.specificity is not None:
        source = f" ({found.source})" if found.source else ""
        parts.append(
            f"sensitivity {found.sensitivity:.0%}, specificity {found.specificity:.0%}{source}"
        )
    if found.labelled:
        parts.append(f"people labelled both answers to {found.labelled} questions drawn at random")
    if found.holds_up_to is not None:
        parts.append(
            f"holds while error rates differ by up to {found.holds_up_to * 100:.1f} pp between "
            "the models"
        )
    return "; ".join(parts) + _undetermined(found.undetermined)


def _undetermined(shares: tuple[float, float] | None) -> str:
    """Write the shares of the answers that a detector could not determine."""
    return "" if shares is None else f"; undetermined {shares[0]:.1%} → {shares[1]:.1%}"


def level(gate: GateResult) -> str:
    """Write the confidence level, such as ``95%``; that of each limit, where they differ.

    Example:
        >>> from evalguard.records import GateResult
        >>> level(GateResult(name="", suite="", metric="", model="", verdict=Verdict.PASS,
        ...                  reason="", confidence_level=0.975))
        '97.5%'
    """
    above = f"{gate.confidence_level * 100:g}%"
    if gate.sharing == 1:
        return above
    return f"{(1 - (1 - gate.confidence_level) / gate.sharing) * 100:.4g}% below, {above} above"


def threshold(gate: GateResult) -> float | None:
    """Return where the requirement stands on the axis of differences; ``None`` without one."""
    return None if gate.margin is None else -gate.margin


def margin(gate: GateResult) -> str:
    """Write where the requirement stands on the axis of differences, such as ``−5.0 pp``."""
    return difference(gate, threshold(gate))


def stages(gate: GateResult) -> str:
    """Write the samples of each stage of an extended gate, such as ``40 planned + 200``."""
    first, *more = (f"{stage.n:,}" for stage in gate.stages)
    return " + ".join([f"{first} planned", *more])


def pvalue(value: float | None) -> str:
    """Write a p-value with two significant digits.

    Example:
        >>> pvalue(0.02104), pvalue(3.1e-12), pvalue(None)
        ('0.021', '3.1e-12', '–')
    """
    return NOTHING if value is None else f"{value:.2g}"


def counts(gate: GateResult) -> str:
    """Write the lost and won questions, such as ``12 lost, 3 won``."""
    if gate.losses is None or gate.gains is None:
        return NOTHING
    return f"{gate.losses:,} lost, {gate.gains:,} won"


def samples(gate: GateResult) -> str:
    """Write the samples used, such as ``120 of 300``."""
    return f"{gate.n:,} of {gate.n_planned:,}" if gate.n_planned > gate.n else f"{gate.n:,}"


def subject(gate: GateResult) -> str:
    """Write what the gate is about: suite, task (where it says more) and metric."""
    parts = dict.fromkeys((gate.suite, gate.task, gate.metric))
    return " · ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Write a time span.

    Example:
        >>> duration(0.42), duration(75.2), duration(7260)
        ('0.4 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"


def moment(created: str) -> str:
    """Write a time in ISO 8601 as UTC to the minute; what is no such time stays as it is.

    Example:
        >>> moment("2026-11-03T15:22:08+01:00")
        '2026-11-03 14:22 UTC'
    """
    try:
        return f"{datetime.fromisoformat(created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return created


def measure(name: str, value: float) -> str:
    """Write an entry of a timing record: a time span, a share or a count, as its name says.

    Example:
        >>> measure("engine_seconds", 75.2), measure("prompt_tokens", 10_240)
        ('1 min 15 s', '10,240')
        >>> measure("share_saved", 0.437)
        '44%'
    """
    if name.endswith("seconds"):
        return duration(value)
    return f"{value:.0%}" if name.startswith("share") else f"{value:,.0f}"


def _signed(value: float, digits: str, plus: str = "+") -> str:
    if value == 0:
        return digits
    return (MINUS if value < 0 else plus) + digits
