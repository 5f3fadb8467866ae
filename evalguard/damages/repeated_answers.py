"""Whether the lost samples of several suites all got the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalguard.records import Ability, GateResult, SamplePair, Verdict

MIN_PROMPTS = 4
MIN_SUITES = 2
MIN_SHARE = 0.8

_NO_ANSWERS = frozenset({Ability.DIVERSITY, Ability.DRIFT})
"""What their samples show is several answers, or the baseline's own."""


@dataclass(frozen=True, slots=True)
class RepeatedAnswer:
    """One answer that different prompts of different suites got.

    Attributes:
        answer: The answer, white space normalised.
        prompts: Number of different prompts that got it, of those shown.
        shown: Number of different prompts among the lost samples shown.
        gates: The failed gates in which most of the shown samples got it.
    """

    answer: str
    prompts: int
    shown: int
    gates: tuple[GateResult, ...]


def repeated_answer(gates: Sequence[GateResult]) -> RepeatedAnswer | None:
    """Return the answer that nearly all lost samples share; ``None`` where they differ.

    Args:
        gates: All gates of one candidate.
    """
    failed = [
        gate for gate in gates if gate.verdict is Verdict.FAIL and gate.ability not in _NO_ANSWERS
    ]
    if _merely_refuses(gates):
        return None
    answers = {(pair.task, pair.prompt): _answer(pair) for gate in failed for pair in gate.worst}
    if len(answers) < MIN_PROMPTS:
        return None
    answer, prompts = Counter(answers.values()).most_common(1)[0]
    sharing = tuple(gate for gate in failed if _gives(gate, answer))
    if prompts < MIN_SHARE * len(answers) or len({gate.suite for gate in sharing}) < MIN_SUITES:
        return None
    return RepeatedAnswer(answer=answer, prompts=prompts, shown=len(answers), gates=sharing)


def _merely_refuses(gates: Sequence[GateResult]) -> bool:
    """Tell the same refusal everywhere, with safety intact, from a collapse."""
    failed = {gate.ability for gate in gates if gate.verdict is Verdict.FAIL}
    passed = {gate.ability for gate in gates if gate.verdict is Verdict.PASS}
    return Ability.OVER_REFUSAL in failed and Ability.SAFETY in passed - failed


def _gives(gate: GateResult, answer: str) -> bool:
    given = [_answer(pair) == answer for pair in gate.worst]
    return sum(given) * 2 > len(given)


def _answer(pair: SamplePair) -> str:
    """Return the answer, white space normalised; the thinking where no answer followed it."""
    return " ".join((pair.candidate_output or pair.candidate_written).split())
