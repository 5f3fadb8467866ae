"""The verdict in words: the sentence at the top of every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalguard import figures
from evalguard.records import CheckResult, Finding, GateResult, Role, Severity, Verdict
from evalguard.verdicts import overall


def candidates(result: CheckResult) -> tuple[str, ...]:
    """Return the names of the candidates in the order of the gates."""
    return tuple(dict.fromkeys(gate.model for gate in result.gates))


def gates_of(result: CheckResult, candidate: str) -> tuple[GateResult, ...]:
    """Return the gates of one candidate."""
    return tuple(gate for gate in result.gates if gate.model == candidate)


def decided(result: CheckResult) -> tuple[str, ...]:
    """Return the names of what is released or not: of a recipe itself, not of its seeds."""
    names = candidates(result)
    seeds = {gate.model for gate in result.gates if gate.recipe in names}
    return tuple(name for name in names if name not in seeds)


def deciding(result: CheckResult, name: str) -> tuple[GateResult, ...]:
    """Return the gates that decide on a candidate: of a recipe, those of its seeds as well."""
    return tuple(gate for gate in result.gates if name in (gate.model, gate.recipe))


def headline(result: CheckResult) -> str:
    """Return the verdict of a whole check in a few words."""
    names = decided(result)
    if not names:
        return "No gate was run"
    if len(names) == 1:
        if result.verdict is Verdict.PASS and names[0] in result.left_out:
            return _part(result, names[0])
        damage = damage_sentence(result.findings)
        decision = _decision(names[0], result.verdict) + (f": {damage}" if damage else "")
        return decision + _unchecked(result)
    passed = [name for name in names if overall(deciding(result, name))[0] is Verdict.PASS]
    whole = [name for name in passed if name not in result.left_out]
    if passed and not whole:
        return f"No release decision: {'; '.join(_part(result, name) for name in passed)}"
    if not whole:
        return f"None of the {len(names)} candidates may be released"
    released = f"{len(whole)} of {len(names)} candidates may be released: {_listed(whole)}"
    return released + _unchecked(result)


def explanation(result: CheckResult) -> str:
    """Return the sentence that backs the headline, with the figures that decided."""
    names = decided(result)
    if not names:
        return "No gate was selected."
    # A seed that is shown to be worse keeps its recipe from a release.
    blamed = [
        name
        for name in candidates(result)
        if name not in names and overall(gates_of(result, name))[0] in (Verdict.FAIL, Verdict.ERROR)
    ]
    if len(names) == 1 and not blamed:
        return candidate_sentence(gates_of(result, names[0]))
    return " ".join(
        f"{name}: {_lower_first(candidate_sentence(gates_of(result, name)))}"
        for name in (*names, *blamed)
    )


def candidate_sentence(gates: Sequence[GateResult]) -> str:
    """Say in one sentence what the gates of one candidate showed."""
    verdict, _ = overall(gates)
    if verdict is Verdict.PASS:
        return _passed(gates)
    concerned = [gate for gate in gates if gate.verdict is verdict]
    part = f"{len(concerned)} of {_count(len(gates), 'gate')}"
    if verdict is Verdict.FAIL:
        worst = worst_gate(concerned)
        if len(concerned) == 1:
            return f"{part} failed: “{worst.name}”, {change(worst)}."
        return f"{part} failed. Largest regression: “{worst.name}”, {change(worst)}."
    if verdict is Verdict.ERROR:
        return f"{part} could not be measured. “{concerned[0].name}”: {concerned[0].reason}"
    needed = max((gate.required_in_reach or 0 for gate in concerned), default=0)
    more = f"; about {needed:,} samples would decide" if needed else ""
    if any(gate.required_n != gate.required_in_reach for gate in concerned):
        more = "; a suite is too small for its margin"
    return f"No gate failed, but {part} could not be decided{more}."


def worst_gate(gates: Sequence[GateResult]) -> GateResult:
    """Return the gate with the largest loss beyond its margin, preferring those in percent."""
    return max(
        gates,
        key=lambda gate: (figures.in_percent(gate), -(gate.delta or 0.0) - (gate.margin or 0.0)),
    )


def change(gate: GateResult) -> str:
    """Say how a gate's score moved, such as ``100.0% → 62.3% (−37.7 pp, allowed −5.0 pp)``."""
    if gate.delta is None:
        return gate.reason
    moved = f"{figures.score(gate, gate.baseline)} → {figures.score(gate, gate.candidate)}"
    needed = figures.threshold(gate)
    if needed is None:
        return f"{moved} ({figures.difference(gate, gate.delta)}, {gate.requirement})"
    word = "allowed" if needed <= 0 else "required"
    return f"{moved} ({figures.difference(gate, gate.delta)}, {word} {figures.margin(gate)})"


_WORTH_SAYING = 0.01


def needs_its_reason(gate: GateResult) -> bool:
    """Return whether the interval alone does not show why the verdict is what it is.

    That is so where there is none, and where a bound or a tripwire decided.
    """
    if gate.verdict is Verdict.PASS:
        return False
    if gate.verdict is not Verdict.FAIL or gate.ci is None:
        return True
    margin = figures.threshold(gate)
    return margin is None or gate.ci[1] >= margin


def costs(result: CheckResult) -> list[str]:
    """Say what a check cost and what early stopping saved; empty if it was not timed."""
    timing = result.timing
    if "seconds" not in timing:
        return []
    said = [figures.duration(timing["seconds"])]
    if engine := timing.get("engine_seconds"):
        said[0] += f", {figures.duration(engine)} of it on {result.environment['engine']}"
    if (saved := timing.get("share_saved", 0.0)) >= _WORTH_SAYING:
        said.append(f"{saved:.0%} of the samples saved by stopping early")
    return said


def standing_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that no other finding accounts for, and each candidate's first one.

    A first finding that another accounts for is a damage that stands first, such as safety loss.
    """
    firsts = {finding.model: finding for finding in reversed(findings)}
    return tuple(
        finding
        for finding in findings
        if finding.explained_by is None or finding is firsts[finding.model]
    )


def damage_sentence(findings: Sequence[Finding]) -> str:
    """Name the damages of the standing findings, such as ``safety loss``; empty if none."""
    damage = [found for found in standing_findings(findings) if found.severity is not Severity.NONE]
    return _listed([found.title.lower() for found in damage]) if damage else ""


def config_changes(result: CheckResult, finding: Finding) -> tuple[tuple[str, str, str], ...]:
    """Return the proposed changes of the training config: key path, present value, new value.

    The present value is empty where the training record does not hold it.
    """
    records = [model.training for model in result.models if model.name == finding.model]
    config = records[0].config if records and records[0] else {}
    return tuple(
        (key, _looked_up(config, key), str(value)) for key, value in finding.config_changes.items()
    )


def _looked_up(config: Mapping[str, Any], key: str) -> str:
    value: Any = config
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None or isinstance(value, Mapping) else str(value)


def _part(result: CheckResult, name: str) -> str:
    """Say that a candidate passed the gates that were selected, and that this is no release."""
    passed = len(deciding(result, name))
    every = passed + result.left_out[name]
    return f"{name}: selected gates passed ({passed} of {every}), no release decision"


def _unchecked(result: CheckResult) -> str:
    """Name the candidates of which no gate was selected; nothing where there is none."""
    left = [name for name in result.left_out if name not in candidates(result)]
    return f"; {_listed(left)} not checked" if left else ""


def _decision(name: str, verdict: Verdict) -> str:
    return {
        Verdict.PASS: f"{name} may be released",
        Verdict.FAIL: f"{name} must not be released",
        Verdict.INCONCLUSIVE: f"{name}: inconclusive, do not release yet",
        Verdict.ERROR: f"{name} could not be evaluated",
    }[verdict]


def _passed(gates: Sequence[GateResult]) -> str:
    undecided = sum(gate.verdict is not Verdict.PASS for gate in gates)
    if not undecided:
        return f"All {_count(len(gates), 'gate')} passed." if len(gates) > 1 else "The gate passed."
    guards = sum(gate.role is Role.GUARD for gate in gates)
    if not guards:
        return f"No tripwire failed ({undecided} undecided)."
    return f"All {_count(guards, 'guard')} passed and no tripwire failed ({undecided} undecided)."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
