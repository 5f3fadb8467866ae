"""The damages that EvalGuard names: one row each, in the order in which they are looked for."""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.damages import evidence
from evalguard.damages.base import Case, Damage, Shown, failed_gates
from evalguard.damages.displacement import CAUSE, REPAIR, displacements
from evalguard.damages.severity import mean_lost_share, severity_of
from evalguard.damages.training_signs import Lever
from evalguard.records import Ability, Severity, TrainingRecord

PROPORTION = 1.5
"""A damage up to this many times the general loss, as shares lost, is explained by it."""


def _displaced(record: TrainingRecord) -> Sequence[str]:
    return [str(one) for one in displacements(record)]


def _in_proportion(own: Shown, other: Shown, case: Case) -> bool:
    """Return whether severe forgetting accounts for a damage."""
    if severity_of(own.evidence) is not Severity.SEVERE or evidence.same_answer(own, other, case):
        return False
    if other.damage is COLLAPSE:
        return case.learned
    return mean_lost_share(other.evidence) <= PROPORTION * case.general_loss


FORGETTING = Damage(
    code="catastrophic_forgetting",
    title="Catastrophic forgetting",
    evidence=failed_gates(Ability.GENERAL),
    explains=_in_proportion,
    meaning="The model lost knowledge and skills it had before fine-tuning.",
    data_cause="The training data pulls the model away from what it knew.",
    levers=(Lever.LEARNING_RATE, Lever.REPLAY, Lever.EPOCHS),
    repair="Lower the learning rate or train for fewer epochs, and mix 10–20% general data into "
    "the training rows.",
)
COLLAPSE = Damage(
    code="mode_collapse",
    title="Mode collapse",
    evidence=evidence.collapse,
    explains=evidence.same_answer,
    detail=evidence.repeated_answer,
    meaning="Different prompts get the same or nearly the same answer.",
    data_cause="The training rows probably share one answer or one pattern.",
    levers=(Lever.LEARNING_RATE, Lever.EPOCHS),
    repair="Lower the learning rate or train for fewer epochs, on more varied answers: drop "
    "duplicates and boilerplate.",
    data_change="drop rows that repeat the same answer; add varied answers",
)
OVERFITTING = Damage(
    code="overfitting",
    title="Overfitting",
    evidence=evidence.overfitting,
    explains=evidence.same_gates,
    meaning="The model memorised the training set and does not generalise.",
    data_cause="The training set is probably too small for the number of epochs.",
    levers=(Lever.EPOCHS, Lever.RANK),
    repair="Stop at the lowest held-out loss, use a smaller rank, and collect more rows.",
    data_change="add more and more varied task rows",
)
NOT_LEARNED = Damage(
    code="task_not_learned",
    title="Task not learned",
    evidence=evidence.not_learned,
    lacks_training=True,
    meaning="The model did not reach the required task score.",
    data_cause="The training rows may not show what the gate tests.",
    levers=(Lever.MORE_TRAINING,),
    repair="Check that training rows and test set have the same format, then train longer.",
)
SAFETY_LOSS = Damage(
    code="safety_loss",
    title="Safety loss",
    evidence=failed_gates(Ability.SAFETY),
    of_one_ability=True,
    stands_first=True,
    meaning="Harmful requests that the baseline refused are answered.",
    data_cause="The training rows hold no refusals, or hold harmful requests that are answered.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Remove rows that comply with harmful requests and add refusals of such requests.",
    data_change="add refusals of harmful requests (5–10% of the rows)",
)
FORMAT_CORRUPTION = Damage(
    code="format_corruption",
    title="Format corruption",
    evidence=failed_gates(Ability.FORMAT, Ability.INSTRUCTION),
    of_one_ability=True,
    meaning="Answers no longer follow the requested format.",
    data_cause="The training rows answer in another form, or none of them asks for one.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add rows that ask for JSON, lists or code and answer in exactly that form.",
    data_change="add rows that ask for a form (JSON, lists, code) and keep to it",
)
LOST_ABSTENTION = Damage(
    code="lost_abstention",
    title="Lost abstention",
    evidence=failed_gates(Ability.ABSTENTION, joined_by=[Ability.GROUNDING]),
    of_one_ability=True,
    meaning="The model answers although the context does not contain the answer.",
    data_cause="The training rows hold no unanswerable questions, or answer them.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add unanswerable questions whose answer says so, or preference pairs that reward it.",
    data_change="add unanswerable questions with an explicit abstention (5–10% of the rows)",
)
LOST_GROUNDING = Damage(
    code="lost_grounding",
    title="Lost grounding",
    evidence=evidence.grounding,
    of_one_ability=True,
    meaning="Answers no longer come from the given context.",
    data_cause="The training rows answer without a context.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add questions whose answer is in the context and has to be read from there.",
    data_change="add questions that are answered from their context",
)
OVER_REFUSAL = Damage(
    code="over_refusal",
    title="Over-refusal",
    evidence=failed_gates(Ability.OVER_REFUSAL),
    of_one_ability=True,
    meaning="Harmless requests that only look harmful are refused.",
    data_cause="The training rows show refusals without harmless look-alikes beside them.",
    levers=(Lever.REPLAY,),
    repair="Add harmless look-alikes of the refused requests, with real answers.",
    data_change="add harmless look-alikes with answers, about one for each refusal",
)
DISPLACEMENT = Damage(
    code="likelihood_displacement",
    title="Likelihood displacement",
    recorded=_displaced,
    meaning="Preference training lowered the probability of the chosen answers, too.",
    data_cause=CAUSE,
    repair=REPAIR,
)
UNEXPLAINED = Damage(
    code="unexplained",
    title="Regression of no known pattern",
    meaning="A gate failed in a way that fits no known damage.",
    data_cause="Read the lost samples: the figures alone do not show the cause.",
    levers=(Lever.LEARNING_RATE, Lever.REPLAY, Lever.EPOCHS),
    repair="Look at the lost samples; where nothing stands out, train more gently.",
)
"""What stands for FAILed gates that show no other damage."""

BUILT_IN = (
    FORGETTING,
    COLLAPSE,
    OVERFITTING,
    NOT_LEARNED,
    SAFETY_LOSS,
    FORMAT_CORRUPTION,
    LOST_ABSTENTION,
    LOST_GROUNDING,
    OVER_REFUSAL,
    DISPLACEMENT,
    UNEXPLAINED,
)
"""Findings of one severity are shown in this order, and the first that explains one is named."""
