"""What a damage is: how it is recognised, what it explains, its words and its repair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evalguard.damages.repeated_answers import RepeatedAnswer, repeated_answer
from evalguard.damages.severity import mean_lost_share, severity_of
from evalguard.damages.training_signs import Divergence, Lever, divergence
from evalguard.records import Ability, GateResult, Severity, TrainingRecord, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """One candidate with all that bears on its diagnosis.

    Attributes:
        model: Name of the candidate.
        gates: All of its gates; the samples that it lost are in ``worst`` of each.
        record: Its training record, where one was found.
    """

    model: str
    gates: tuple[GateResult, ...]
    record: TrainingRecord | None = None

    def failed(self, *abilities: Ability) -> tuple[GateResult, ...]:
        """Return the FAILed gates of some abilities; those of all without any."""
        return tuple(
            gate
            for gate in self.gates
            if gate.verdict is Verdict.FAIL and gate.ability in (abilities or Ability)
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

    @property
    def diverged(self) -> Divergence | None:
        """How the held-out loss of the kept weights diverged; ``None`` where it did not."""
        return divergence(self.record) if self.record else None

    @property
    def repeated(self) -> RepeatedAnswer | None:
        """The answer that nearly all lost samples share; ``None`` where they differ."""
        return repeated_answer(self.gates)

    def _passed(self, ability: Ability) -> bool:
        verdicts = {gate.verdict for gate in self.gates if gate.ability is ability}
        return verdicts == {Verdict.PASS}


@dataclass(frozen=True, slots=True)
class Shown:
    """A damage with the gates that show it, and the DRIFT gates that go with it."""

    damage: Damage
    evidence: tuple[GateResult, ...]
    drifted: tuple[GateResult, ...] = ()


Evidence: TypeAlias = Callable[[Case], Iterable[GateResult]]
"""Returns the gates that show a damage, at least one of them FAILed; nothing for no damage."""

Explains: TypeAlias = "Callable[[Shown, Shown, Case], bool]"
"""Tells whether a damage, as shown, accounts for another one of the same candidate."""


def no_gates(_: Case) -> tuple[GateResult, ...]:
    """Return no gate: for a damage that only its training record shows."""
    return ()


def failed_gates(*abilities: Ability, joined_by: Sequence[Ability] = ()) -> Evidence:
    """Return a recogniser that takes every FAILed gate of some abilities as evidence.

    Args:
        *abilities: A FAILed gate of one of these shows the damage.
        joined_by: FAILed gates of these abilities belong to it, but do not show it alone.

    Example:
        >>> Damage(code="rudeness", title="Rudeness", meaning="Answers are rude.",
        ...        evidence=failed_gates(Ability.OTHER), data_cause="The rows are rude.",
        ...        repair="Remove rude rows.").levers
        ()
    """

    def evidence(case: Case) -> tuple[GateResult, ...]:
        shown = case.failed(*abilities)
        return shown + (case.failed(*joined_by) if shown and joined_by else ())

    return evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One named damage that a fine-tune can do.

    Attributes:
        code: As in :class:`~evalguard.Finding`, and the name of a package's entry point.
        title: Its name in words.
        meaning: What it means for a user of the model, as a sentence.
        data_cause: What is likely wrong with the training data where no setting stands out, as a
            sentence.
        repair: What to do, in words.
        evidence: Returns the gates that show it; see :func:`evalguard.damages.failed_gates`.
        recorded: Returns what a training record shows by itself, in sentences. Such a damage is a
            remark where no gate FAILed, and mild otherwise.
        severity: How bad it is, from the gates that show it.
        explains: Tells whether it accounts for another damage; ``None`` for one that never does.
        detail: Returns one more sentence for the explanation; may be empty.
        levers: Settings that bring it about, the likeliest first.
        data_change: What to add to the training data; empty where settings alone can repair it.
        of_one_ability: Whether it is the loss of one ability: where the general ability holds, the
            cause is looked for in the data.
        lacks_training: Whether the model lost nothing and needs more training, not less.
        stands_first: Whether it is the first finding and in the headline, however severe others
            are and even where one of them accounts for it.
    """

    code: str
    title: str
    meaning: str
    data_cause: str
    repair: str
    evidence: Evidence = no_gates
    recorded: Callable[[TrainingRecord], Sequence[str]] | None = None
    severity: Callable[[Sequence[GateResult]], Severity] = severity_of
    explains: Explains | None = None
    detail: Callable[[Case], str] | None = None
    levers: tuple[Lever, ...] = ()
    data_change: str = ""
    of_one_ability: bool = False
    lacks_training: bool = False
    stands_first: bool = False
