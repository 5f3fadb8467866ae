"""How the built-in damages are recognised, and which others they explain."""

from __future__ import annotations

from evalguard.damages.base import Case, Shown
from evalguard.damages.training_signs import memorised
from evalguard.records import Ability, GateResult, Verdict

_ANSWER_LIMIT = 80


def collapse(case: Case) -> tuple[GateResult, ...]:
    """Return DIVERSITY gates, and those whose lost samples all got one answer."""
    shown = case.failed(Ability.DIVERSITY)
    if case.repeated and not case.learned:
        shown += tuple(gate for gate in case.repeated.gates if gate not in shown)
    return shown


def repeated_answer(case: Case) -> str:
    """Return the sentence on the one answer; empty where answers differ."""
    if not case.repeated:
        return ""
    answer = case.repeated.answer[:_ANSWER_LIMIT] or "(nothing)"
    return (
        f"{case.repeated.prompts} of {case.repeated.shown} lost samples were answered “{answer}”."
    )


def overfitting(case: Case) -> tuple[GateResult, ...]:
    """Return OVERFITTING gates with those of the task, or what the training record explains."""
    failed = case.failed(Ability.TASK)
    if measured := case.failed(Ability.OVERFITTING):
        return measured + failed
    if failed and (alone := _shown_alone(case)):
        return failed + alone
    by_heart = case.record is not None and memorised(case.record)
    if case.diverged is None and not by_heart:
        return ()
    if not failed and case.diverged is not None and case.diverged.is_strong:
        return case.failed(Ability.FORMAT, Ability.INSTRUCTION)
    return failed


def not_learned(case: Case) -> tuple[GateResult, ...]:
    """Return the TASK gates, where they do not show overfitting."""
    return () if overfitting(case) else case.failed(Ability.TASK)


def grounding(case: Case) -> tuple[GateResult, ...]:
    """Return GROUNDING gates that belong neither to lost abstention nor to a collapse."""
    shown = case.failed(Ability.GROUNDING)
    if case.failed(Ability.ABSTENTION) or {*shown} & {*collapse(case)}:
        return ()
    return shown


def same_answer(_: Shown, other: Shown, case: Case) -> bool:
    """Return whether the one answer of a collapse accounts for another damage."""
    if case.repeated is None or case.learned:
        return False
    if other.damage.lacks_training:
        return True  # what was never right has no lost samples to show the answer
    seen = {gate for gate in other.evidence if gate.worst}
    return bool(seen) and seen <= {*case.repeated.gates}


def same_gates(own: Shown, other: Shown, _: Case) -> bool:
    """Return whether all that shows another damage shows this one, too."""
    return {*other.evidence} <= {*own.evidence}


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
