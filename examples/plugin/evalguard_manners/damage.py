"""A damage: what a diagnosis says of a candidate that shouts.

Only FAILed gates are evidence. The functions of a damage get the candidate's gates, with the
samples that it lost, and its training record; one that raises is left out of the diagnosis.
"""

from __future__ import annotations

from evalguard.damages import Case, Damage, Lever
from evalguard.records import GateResult


def _shouted_gates(case: Case) -> list[GateResult]:
    return [gate for gate in case.failed() if gate.metric == "shouting"]


def _loudest(case: Case) -> str:
    """Return a sentence for the explanation."""
    lost = [pair.candidate_output for gate in _shouted_gates(case) for pair in gate.worst]
    return f"For example: “{max(lost, key=len)}”." if lost else ""


BAD_MANNERS = Damage(
    code="bad_manners",
    title="Bad manners",
    meaning="The model shouts at its users.",
    evidence=_shouted_gates,
    detail=_loudest,
    data_cause="Training rows are written in capital letters.",
    repair="Rewrite training rows that are in capital letters.",
    data_change="rewrite rows that are in capital letters",
    levers=(Lever.REPLAY,),
)
