"""From failed gates and the training record to named findings with a repair.

The rules, in the order in which they are applied to the gates of one candidate:

1. A FAILed gate is evidence of the damage that its ability stands for
   (:mod:`evalguard.damages.built_in`). INCONCLUSIVE and ERROR are evidence of nothing.
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
   the others, with ``explained_by`` set; a loss out of proportion stands for itself, and so does
   whatever explains others. Of damages that explain each other the first stands. Safety loss is
   the first finding even where another damage explains it.
5. A DRIFT gate belongs to the first damage found: whoever lost something has drifted. It counts
   for nothing else, so a damage is no more severe for it.
6. A training record whose preference stage lowered the chosen answers' log-probability shows
   likelihood displacement, whatever the gates say: they may not ask what it changed. It is a
   remark where no gate FAILed, and a mild damage otherwise.
7. A FAILed gate that fits nothing is ``unexplained``. ``healthy`` is found when every guard
   PASSed and no tripwire FAILed or could not be measured.
8. A damage that raises, or answers with what is no evidence, is left out, and that is said: the
   verdicts are decided already, and no damage may lose them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from evalguard.damages import UNEXPLAINED, Case, Damage, Shown, usable_damages
from evalguard.damages.severity import ORDER
from evalguard.errors import UsageError
from evalguard.gates.findings import healthy_finding, make_finding, recorded_finding
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

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was diagnosed.

    Attributes:
        findings: For each candidate, in the order of its gates: a damage that stands first, the
            findings that stand for themselves, the most severe first, those that another one
            explains, and what its record alone shows. Nothing for a candidate that is neither
            damaged nor shown to be healthy.
        problems: Damages of packages that were left out, each with its reason.
    """

    findings: tuple[Finding, ...]
    problems: tuple[str, ...] = ()


class _BrokenDamageError(Exception):
    """A damage cannot be asked."""

    def __init__(self, damage: Damage, reason: str) -> None:
        super().__init__(f"damage '{damage.code}' {reason}")
        self.damage = damage


def diagnose(
    results: Sequence[GateResult], *, training: Mapping[str, TrainingRecord | None]
) -> Diagnosis:
    """Name what went wrong with each candidate.

    Args:
        results: The gates of all candidates.
        training: The training record of each candidate, where one was found.
    """
    cases = [
        Case(model, tuple(one for one in results if one.model == model), training.get(model))
        for model in dict.fromkeys(result.model for result in results)
    ]
    found = list(usable_damages())
    damages = [one for one in found if isinstance(one, Damage)]
    problems = [str(one) for one in found if isinstance(one, UsageError)]
    while True:
        try:
            findings = tuple(one for case in cases for one in _diagnose_one(case, damages))
        except _BrokenDamageError as broken:
            damages.remove(broken.damage)
            problems.append(str(broken))
        else:
            return Diagnosis(findings, tuple(f"not diagnosed: {problem}" for problem in problems))


def _diagnose_one(case: Case, damages: Sequence[Damage]) -> Iterator[Finding]:
    guarded = any(gate.role is Role.GUARD for gate in case.gates)
    if guarded and overall(case.gates)[0] is Verdict.PASS:
        yield healthy_finding(case.model, case.gates)
    else:
        yield from _by_gates(case, damages)
    if case.record is not None:
        for damage in damages:
            if damage.recorded and (said := _ask(damage, damage.recorded, case.record)):
                yield _ask(damage, recorded_finding, damage, said, case)


def _by_gates(case: Case, damages: Sequence[Damage]) -> list[Finding]:
    """Return what the FAILed gates show."""
    shown = tuple(_shown(case, damages))
    findings = [
        replace(_finding(one, case), explained_by=cause)
        for one, cause in zip(shown, _causes(shown, case), strict=True)
    ]
    described = [_with_causes(finding, findings) for finding in findings]
    first = {one.damage.code for one in shown if one.damage.stands_first}
    return sorted(
        described,
        key=lambda found: (
            found.code not in first,
            found.explained_by is not None,
            -ORDER.index(found.severity),
        ),
    )


def _finding(one: Shown, case: Case) -> Finding:
    finding: Finding = _ask(one.damage, make_finding, one, case)
    if finding.severity is Severity.NONE or finding.severity not in ORDER:
        raise _BrokenDamageError(
            one.damage, f"gives the severity {finding.severity!r} to a FAILed gate."
        )
    return finding


def _shown(case: Case, damages: Sequence[Damage]) -> Iterator[Shown]:
    """Yield each damage with the gates that show it; every FAILed gate occurs."""
    found = [Shown(damage, evidence) for damage in damages if (evidence := _evidence(damage, case))]
    used = {gate for one in found for gate in one.evidence}
    rest = tuple(gate for gate in case.failed() if gate not in used)
    for one in found:
        if one.damage.lacks_training:
            yield one
            continue
        # Whoever lost something has drifted: that tells nothing new.
        drifted = tuple(gate for gate in rest if gate.ability is Ability.DRIFT)
        rest = tuple(gate for gate in rest if gate not in drifted)
        yield replace(one, drifted=drifted)
    if rest:
        yield Shown(UNEXPLAINED, rest)


def _evidence(damage: Damage, case: Case) -> tuple[GateResult, ...]:
    """Return the gates that show a damage, each of the candidate and at least one FAILed."""
    gates = _ask(damage, lambda: tuple(damage.evidence(case)))
    if not all(gate in case.gates for gate in gates):
        raise _BrokenDamageError(damage, "cites what is not a gate of the candidate.")
    if gates and not any(gate.verdict is Verdict.FAIL for gate in gates):
        raise _BrokenDamageError(damage, "cites only gates that did not FAIL.")
    return gates


def _causes(shown: Sequence[Shown], case: Case) -> Iterator[str | None]:
    """Yield for each damage the code of the one that accounts for it and stands for itself."""
    order = [one.damage.code for one in shown]
    explained_by = {
        one.damage.code: next(
            (other.damage.code for other in shown if _explains(other, one, case)), None
        )
        for one in shown
    }
    for code in order:
        path = [code]
        while (cause := explained_by[path[-1]]) and cause not in path:
            path.append(cause)
        root = min(path[path.index(cause) :], key=order.index) if cause else path[-1]
        yield None if root == code else root


def _explains(own: Shown, other: Shown, case: Case) -> bool:
    explains = own.damage.explains
    if own is other or explains is None:
        return False
    return bool(_ask(own.damage, explains, own, other, case))


def _ask(damage: Damage, function: Callable[..., ResultT], *arguments: Any) -> ResultT:
    """Return what a function of a damage returns.

    Raises:
        _BrokenDamageError: If it raises anything.
    """
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:  # another package's code may raise anything
        raise _BrokenDamageError(
            damage, f"raised {error!r}. Fix or uninstall the package that provides it."
        ) from error


def _with_causes(finding: Finding, findings: Sequence[Finding]) -> Finding:
    """Let a finding say what it explains, or what explains it."""
    explained = [other.title.lower() for other in findings if other.explained_by == finding.code]
    if explained:
        said = f"It also explains: {', '.join(explained)}."
    elif finding.explained_by:
        cause = next(other for other in findings if other.code == finding.explained_by)
        said = f"Explained by {cause.title.lower()}: repair that first."
    else:
        return finding
    return replace(finding, explanation=f"{finding.explanation} {said}")
