"""From a damage and the gates that show it to a :class:`~evalguard.records.Finding` in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, zip_longest

from evalguard import figures
from evalguard.damages import Case, Damage, Lever, Shown
from evalguard.damages.training_signs import Sign, read_sign
from evalguard.records import (
    HEALTHY,
    Ability,
    Finding,
    GateResult,
    SamplePair,
    Severity,
    TrainingRecord,
    Verdict,
)

UNFINISHED = "unfinished_thinking"
"""Flag of a gate some of whose answers never came, as the candidate did not finish thinking."""

_LOSABLE = {
    Ability.SAFETY: "safety",
    Ability.GENERAL: "general ability",
    Ability.INSTRUCTION: "instruction following",
    Ability.FORMAT: "format",
    Ability.GROUNDING: "grounding",
    Ability.ABSTENTION: "abstention",
    Ability.OVER_REFUSAL: "over-refusal",
    Ability.DIVERSITY: "diversity",
}
"""What a fine-tune can lose; the other abilities are what it learns, or how far it moved."""

_SAMPLES = 3
_GATES_NAMED = 3


def make_finding(shown: Shown, case: Case) -> Finding:
    """Describe a damage: what was seen, the likely cause, the repair."""
    damage, evidence = shown.damage, shown.evidence + shown.drifted
    # A damage is no more severe because the model also drifted.
    weighed = [gate for gate in evidence if gate.ability is not Ability.DRIFT] or evidence
    signs = _signs(damage, case)
    changes: dict[str, float | str] = {sign.key: sign.value for sign in signs}
    if damage.data_change and case.record:
        changes["data"] = damage.data_change
    return Finding(
        code=damage.code,
        title=damage.title,
        model=case.model,
        severity=damage.severity(weighed),
        explanation=_explanation(damage, evidence, case),
        evidence=tuple(dict.fromkeys(gate.name for gate in evidence)),
        cause=_cause(damage, signs, case.record),
        repair=_repair(damage, signs, case.record),
        config_changes=changes,
        samples=_samples(evidence),
    )


def healthy_finding(model: str, gates: Sequence[GateResult]) -> Finding:
    """Say that no damage is shown."""
    passed = [gate for gate in gates if gate.verdict is Verdict.PASS]
    undecided = len(gates) - len(passed)
    rest = f" Undecided tripwires: {undecided}." if undecided else ""
    covered = {gate.ability for gate in passed}
    uncovered = [words for ability, words in _LOSABLE.items() if ability not in covered]
    if uncovered:
        rest += f" No gate covers: {', '.join(uncovered)}."
    return Finding(
        code=HEALTHY,
        title="Healthy",
        model=model,
        severity=Severity.NONE,
        explanation=f"No damage found: {len(passed)} of {len(gates)} gates passed.{rest}",
        evidence=tuple(dict.fromkeys(gate.name for gate in passed)),
    )


def recorded_finding(damage: Damage, said: Sequence[str], case: Case) -> Finding:
    """Describe a damage that the training record shows by itself.

    Args:
        damage: The damage.
        said: What the record shows, in sentences.
        case: The candidate.
    """
    return Finding(
        code=damage.code,
        title=damage.title,
        model=case.model,
        severity=Severity.MILD if case.failed() else Severity.NONE,
        explanation=" ".join(said),
        evidence=(),
        cause=damage.data_cause,
        repair=damage.repair,
    )


def _signs(damage: Damage, case: Case) -> list[Sign]:
    """Return the settings to change: all unusual ones, else the most likely one."""
    if case.record is None:
        return []
    levers = damage.levers
    if damage.of_one_ability and case.general_holds:
        # Too strong a training would have cost general ability, too: look at the data instead.
        levers = tuple(lever for lever in levers if lever is Lever.REPLAY)
    read = [sign for lever in levers if (sign := read_sign(lever, case.record))]
    standing_out = [sign for sign in read if sign.cause]
    if standing_out or damage.data_change:
        return standing_out
    return read[:1]


def _explanation(damage: Damage, evidence: Sequence[GateResult], case: Case) -> str:
    # On ties the order of the thresholds file stays.
    named = sorted(evidence, key=lambda gate: (not gate.percent, gate.delta or 0.0))
    figures_ = "; ".join(_moved(gate) for gate in named[:_GATES_NAMED])
    more = len(named) - _GATES_NAMED
    parts = [damage.meaning, f"{figures_}; and {more} more." if more > 0 else f"{figures_}."]
    if damage.detail and (detail := damage.detail(case)):
        parts.append(detail)
    if any(UNFINISHED in gate.flags for gate in evidence):
        parts.append(
            "Answers that never finished thinking count as lost; raise max_new_tokens to see "
            "whether the length limit alone is the cause."
        )
    if damage.of_one_ability and case.general_holds:
        parts.append("General ability is retained, so this is not forgetting.")
    return " ".join(parts)


def _moved(gate: GateResult) -> str:
    scores = f"{figures.score(gate, gate.baseline)} → {figures.score(gate, gate.candidate)}"
    return f"“{gate.name}” {scores} (change {figures.interval(gate)})"


def _cause(damage: Damage, signs: Sequence[Sign], record: TrainingRecord | None) -> str:
    if record is None:
        return (
            f"{damage.data_cause} There is no evalguard_training.json next to the adapter, so the "
            "cause cannot be narrowed down."
        )
    causes = [sign.cause for sign in signs if sign.cause]
    if damage.data_change or not causes:
        causes.append(damage.data_cause)
    return " ".join(causes)


def _repair(damage: Damage, signs: Sequence[Sign], record: TrainingRecord | None) -> str:
    lacks_replay = record is not None and not record.config.get("replay")
    if lacks_replay and any(sign.key == "replay.share" for sign in signs):
        return f"{damage.repair} Name a file of general data under replay.data."
    return damage.repair


def _samples(evidence: Sequence[GateResult]) -> tuple[SamplePair, ...]:
    """Return the worst samples, one gate after the other in turn."""
    in_turn = chain.from_iterable(zip_longest(*(gate.worst for gate in evidence)))
    return tuple(islice((pair for pair in in_turn if pair is not None), _SAMPLES))
