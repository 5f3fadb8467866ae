"""From failed gates and the training record to named findings with a repair.

The rules, in the order in which they are applied to the gates of one candidate:

1. A FAILed gate is evidence of the damage that its ability stands for
   (:mod:`evalguard.gates.damages`). INCONCLUSIVE and ERROR are evidence of nothing.
2. An OVERFITTING gate shows overfitting, and TASK gates then belong to it. Where a TASK gate
   FAILed, that something failed is established; which of two names it has is a question for the
   OVERFITTING gate alone, whose test then need not bear the adjustment over all gates. Without one,
   a TASK gate shows overfitting if the held-out loss diverged (or, with none logged, there were far
   too many epochs), and an unlearned task otherwise. A held-out loss that diverged strongly names
   overfitting by FORMAT and INSTRUCTION gates, too.
3. Mode collapse is shown by DIVERSITY gates, or by lost samples of several suites that all got one
   answer. The latter only where the task was not learned: a model that learned its task and
   answers everything in the form of the task has forgotten.
4. Severe forgetting, and a collapse seen in the samples, **explain** other damages: a model that
   lost everything did not lose its safety separately. Forgetting explains a damage whose share
   lost is in proportion to that of the general ability. What is explained stays a finding, after
   the others, with ``explained_by`` set; a loss out of proportion is a finding of its own.
5. A DRIFT gate belongs to the first damage found: whoever lost something has drifted. It counts
   for nothing else, so a damage is no more severe for it.
6. A training record whose preference stage lowered the chosen answers' log-probability shows
   likelihood displacement, whatever the gates say: they may not ask what it changed. It is a
   remark where no gate FAILed, and a mild damage otherwise.
7. A FAILed gate that fits nothing is ``unexplained``. ``healthy`` is found when every guard
   PASSed and no tripwire FAILed or could not be measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evalguard.gates import damages
from evalguard.gates.damages import Damage
from evalguard.gates.displacement import displacements
from evalguard.gates.findings import (
    Case,
    displacement_finding,
    healthy_finding,
    make_finding,
)
from evalguard.gates.repeated_answers import repeated_answer
from evalguard.gates.severity import ORDER, mean_lost_share, severity_of
from evalguard.gates.training_signs import divergence, memorised
from evalguard.records import (
    Ability,
    Finding,
    GateResult,
    Role,
    Severity,
    TrainingRecord,
    Verdict,
)
from evalguard.verdicts import overall

PROPORTION = 1.5
"""A damage up to this many times the general loss, as shares lost, is explained by it."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A damage with the FAILed gates that show it, and the DRIFT gates that go with it."""

    damage: Damage
    evidence: tuple[GateResult, ...]
    drifted: tuple[GateResult, ...] = ()


def diagnose(
    results: Sequence[GateResult], *, training: Mapping[str, TrainingRecord | None]
) -> tuple[Finding, ...]:
    """Name what went wrong with each candidate.

    Args:
        results: The gates of all candidates.
        training: The training record of each candidate, where one was found.

    Returns:
        For each candidate, in the order of ``results``: the findings that stand for themselves, the
        most severe first, then those that another one explains, then what its record alone shows.
        Nothing for a candidate that is neither damaged nor shown to be healthy.
    """
    findings: list[Finding] = []
    for model in dict.fromkeys(result.model for result in results):
        gates = tuple(result for result in results if result.model == model)
        record = training.get(model)
        case = Case(
            model=model,
            gates=gates,
            record=record,
            diverged=divergence(record) if record else None,
            repeated=repeated_answer(gates),
        )
        findings += _diagnose_one(case)
        if record is not None and (displaced := list(displacements(record))):
            findings.append(displacement_finding(case, displaced))
    return tuple(findings)


def _diagnose_one(case: Case) -> list[Finding]:
    guarded = any(gate.role is Role.GUARD for gate in case.gates)
    if guarded and overall(case.gates)[0] is Verdict.PASS:
        return [healthy_finding(case.model, case.gates)]
    shown = tuple(_shown(case))
    findings = [
        replace(make_finding(one.damage, one.evidence + one.drifted, case), explained_by=cause)
        for one, cause in zip(shown, _explanations(shown, case), strict=True)
    ]
    described = [_with_consequences(finding, findings) for finding in findings]
    return sorted(
        described, key=lambda found: (found.explained_by is not None, -ORDER.index(found.severity))
    )


def _shown(case: Case) -> Iterator[_Shown]:
    """Yield each damage with the gates that show it; every FAILed gate occurs."""
    candidates = (
        _by_ability(damages.FORGETTING, case),
        _collapse(case),
        _task(case),
        *(_by_ability(damage, case) for damage in damages.SINGLE_DAMAGES),
    )
    found: list[_Shown] = []
    for one in candidates:
        used = {gate for other in found for gate in other.evidence}
        # Lost abstention takes the grounding gates with it; they need no finding of their own.
        if one.evidence and not (one.damage is damages.LOST_GROUNDING and used & {*one.evidence}):
            found.append(one)
    used = {gate for one in found for gate in one.evidence}
    rest = tuple(gate for gate in case.failed(*Ability) if gate not in used)
    for one in found:
        if one.damage is damages.NOT_LEARNED:
            yield one
            continue
        # Whoever lost something has drifted: that tells nothing new.
        drifted = tuple(gate for gate in rest if gate.ability is Ability.DRIFT)
        rest = tuple(gate for gate in rest if gate not in drifted)
        yield replace(one, drifted=drifted)
    if rest:
        yield _Shown(damages.UNEXPLAINED, rest)


def _by_ability(damage: Damage, case: Case) -> _Shown:
    evidence = case.failed(*damage.shown_by)
    return _Shown(damage, evidence + case.failed(*damage.joined_by) if evidence else ())


def _collapse(case: Case) -> _Shown:
    evidence = case.failed(*damages.COLLAPSE.shown_by)
    if case.repeated and not case.learned:
        evidence += tuple(gate for gate in case.repeated.gates if gate not in evidence)
    return _Shown(damages.COLLAPSE, evidence)


def _task(case: Case) -> _Shown:
    measured = _by_ability(damages.OVERFITTING, case)
    if measured.evidence:
        return measured
    failed = case.failed(Ability.TASK)
    if failed and (alone := _shown_alone(case)):
        return _Shown(damages.OVERFITTING, failed + alone)
    memorised_rows = case.record is not None and memorised(case.record)
    if case.diverged is None and not memorised_rows:
        return _Shown(damages.NOT_LEARNED, failed)
    if not failed and case.diverged is not None and case.diverged.is_strong:
        failed = case.failed(Ability.FORMAT, Ability.INSTRUCTION)
    return _Shown(damages.OVERFITTING, failed)


def _shown_alone(case: Case) -> tuple[GateResult, ...]:
    """Return the OVERFITTING gates that would FAIL if there were no others."""
    return tuple(
        gate
        for gate in case.gates
        if gate.ability is Ability.OVERFITTING
        and gate.verdict is Verdict.INCONCLUSIVE
        and gate.p_fail is not None
        and gate.alpha is not None
        and gate.p_fail <= gate.alpha
    )


def _explanations(shown: Sequence[_Shown], case: Case) -> Iterator[str | None]:
    """Yield for each damage the code of the one that accounts for it."""
    found = {one.damage.code: one for one in shown}
    collapse = found.get(damages.COLLAPSE.code)
    forgetting = found.get(damages.FORGETTING.code)
    overfitting = found.get(damages.OVERFITTING.code)
    for one in shown:
        if collapse and one is not collapse and _same_answer(one, case):
            yield damages.COLLAPSE.code
        elif forgetting and one is not forgetting and _in_proportion(one, forgetting, case):
            by_collapse = collapse is not None and _same_answer(forgetting, case)
            yield damages.COLLAPSE.code if by_collapse else damages.FORGETTING.code
        elif overfitting and one is not overfitting and {*one.evidence} <= {*overfitting.evidence}:
            yield damages.OVERFITTING.code
        else:
            yield None


def _same_answer(one: _Shown, case: Case) -> bool:
    """Return whether the one answer of a collapse accounts for a damage."""
    if case.repeated is None or case.learned:
        return False
    if one.damage is damages.NOT_LEARNED:
        return True  # what was never right has no lost samples to show the answer
    seen = {gate for gate in one.evidence if gate.worst}
    return bool(seen) and seen <= {*case.repeated.gates}


def _in_proportion(one: _Shown, forgetting: _Shown, case: Case) -> bool:
    """Return whether severe forgetting accounts for a damage."""
    if severity_of(forgetting.evidence) is not Severity.SEVERE:
        return False
    if one.damage is damages.COLLAPSE:
        return case.learned
    return mean_lost_share(one.evidence) <= PROPORTION * case.general_loss


def _with_consequences(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Let a finding say what it explains."""
    explained = [other.title.lower() for other in findings if other.explained_by == finding.code]
    if not explained:
        return finding
    text = f"{finding.explanation} It also explains: {', '.join(explained)}."
    return replace(finding, explanation=text)
