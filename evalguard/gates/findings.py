"""From a damage and the gates that show it to a :class:`~evalguard.records.Finding` in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice, zip_longest

from evalguard import figures
from evalguard.gates import damages
from evalguard.gates.damages import Damage, Lever
from evalguard.gates.displacement import CAUSE, REPAIR, Displacement
from evalguard.gates.repeated_answers import RepeatedAnswer
from evalguard.gates.severity import mean_lost_share, severity_of
from evalguard.gates.training_signs import Divergence, Sign, read_sign
from evalguard.records import (
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

_SAMPLES = 3
_GATES_NAMED = 3
_ANSWER_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Case:
    """One candidate with everything relevant to its diagnosis."""

    model: str
    gates: tuple[GateResult, ...]
    record: TrainingRecord | None
    diverged: Divergence | None
    repeated: RepeatedAnswer | None

    def failed(self, *abilities: Ability) -> tuple[GateResult, ...]:
        """Return the FAILed gates of some abilities."""
        return tuple(
            gate
            for gate in self.gates
            if gate.verdict is Verdict.FAIL and gate.ability in abilities
        )

    @property
    def learned(self) -> bool:
        """Whether the task was shown to be learned."""
        return self._passed(Ability.TASK)

    @property
    def general_holds(self) -> bool:
        """Whether the general ability was shown to hold."""
        return self._passed(Ability.GENERAL)

    @property
    def general_loss(self) -> float:
        """Mean share of the general ability that was lost."""
        return mean_lost_share(gate for gate in self.gates if gate.ability is Ability.GENERAL)

    def _passed(self, ability: Ability) -> bool:
        verdicts = {gate.verdict for gate in self.gates if gate.ability is ability}
        return verdicts == {Verdict.PASS}


def make_finding(damage: Damage, evidence: Sequence[GateResult], case: Case) -> Finding:
    """Describe a damage: what was seen, the likely cause, the repair.

    Args:
        damage: The damage.
        evidence: The FAILed gates that show it, at least one.
        case: The candidate.
    """
    signs = _signs(damage, case)
    changes: dict[str, float | str] = {sign.key: sign.value for sign in signs}
    if damage.data_change and case.record:
        changes["data"] = damage.data_change
    return Finding(
        code=damage.code,
        title=damage.title,
        model=case.model,
        severity=severity_of([g for g in evidence if g.ability is not Ability.DRIFT] or evidence),
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
    return Finding(
        code="healthy",
        title="Healthy",
        model=model,
        severity=Severity.NONE,
        explanation=f"No damage found: {len(passed)} of {len(gates)} gates passed.{rest}",
        evidence=tuple(dict.fromkeys(gate.name for gate in passed)),
    )


def displacement_finding(case: Case, found: Sequence[Displacement]) -> Finding:
    """Say that preference training lowered the chosen answers' log-probability.

    Args:
        case: The candidate.
        found: What its training record shows, at least one.
    """
    failed = any(gate.verdict is Verdict.FAIL for gate in case.gates)
    return Finding(
        code="likelihood_displacement",
        title="Likelihood displacement",
        model=case.model,
        severity=Severity.MILD if failed else Severity.NONE,
        explanation=" ".join(map(str, found)),
        evidence=(),
        cause=CAUSE,
        repair=REPAIR,
    )


def _signs(damage: Damage, case: Case) -> list[Sign]:
    """Return the settings to change: all unusual ones, else the most likely one."""
    if case.record is None:
        return []
    levers = damage.levers
    if damage in damages.SINGLE_DAMAGES and case.general_holds:
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
    if damage is damages.COLLAPSE and case.repeated:
        answer = case.repeated.answer[:_ANSWER_LIMIT] or "(nothing)"
        parts.append(
            f"{case.repeated.prompts} of {case.repeated.shown} lost samples were answered "
            f"“{answer}”."
        )
    if any(UNFINISHED in gate.flags for gate in evidence):
        parts.append(
            "Answers that never finished thinking count as lost; raise max_new_tokens to see "
            "whether the length limit alone is the cause."
        )
    if damage in damages.SINGLE_DAMAGES and case.general_holds:
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
