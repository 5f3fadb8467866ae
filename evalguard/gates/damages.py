"""The damages that a fine-tune can do, as a table: which gates show each, and what repairs it.

:mod:`evalguard.gates.diagnose` reads it from top to bottom.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from evalguard.records import Ability


class Lever(Enum):
    """A setting of the training that can cause a damage, and repair it."""

    LEARNING_RATE = auto()
    REPLAY = auto()
    EPOCHS = auto()
    RANK = auto()
    MORE_TRAINING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One named damage.

    Attributes:
        code: As in :class:`~evalguard.records.Finding`.
        title: Its name in words.
        shown_by: A failed gate of one of these abilities is evidence.
        joined_by: Failed gates of these abilities belong to it, but do not show it alone.
        meaning: What it means for a user of the model, as a sentence.
        data_cause: What is likely wrong with the training data where no setting stands out.
        levers: Settings that bring it about, the likeliest first.
        repair: What to do, in words.
        data_change: What to add to the training data; empty where settings alone can repair it.
    """

    code: str
    title: str
    shown_by: frozenset[Ability]
    joined_by: frozenset[Ability] = frozenset()
    meaning: str
    data_cause: str
    levers: tuple[Lever, ...]
    repair: str
    data_change: str = ""


FORGETTING = Damage(
    code="catastrophic_forgetting",
    title="Catastrophic forgetting",
    shown_by=frozenset({Ability.GENERAL}),
    meaning="The model lost knowledge and skills it had before fine-tuning.",
    data_cause="The training data pulls the model away from what it knew.",
    levers=(Lever.LEARNING_RATE, Lever.REPLAY, Lever.EPOCHS),
    repair="Train more gently and mix 10–20% general data into the training rows.",
)
COLLAPSE = Damage(
    code="mode_collapse",
    title="Mode collapse",
    shown_by=frozenset({Ability.DIVERSITY}),
    meaning="Different prompts get the same or nearly the same answer.",
    data_cause="The training rows probably share one answer or one pattern.",
    levers=(Lever.LEARNING_RATE, Lever.EPOCHS),
    repair="Train more gently, and on answers that differ: drop duplicates and boilerplate.",
    data_change="drop rows that repeat the same answer; add varied answers",
)
OVERFITTING = Damage(
    code="overfitting",
    title="Overfitting",
    shown_by=frozenset({Ability.OVERFITTING}),
    joined_by=frozenset({Ability.TASK}),
    meaning="The model memorised the training set and does not generalise.",
    data_cause="The training set is probably too small for the number of epochs.",
    levers=(Lever.EPOCHS, Lever.RANK),
    repair="Stop where the held-out loss is least, use a smaller rank, and collect more rows.",
    data_change="add more and more varied task rows",
)
NOT_LEARNED = Damage(
    code="task_not_learned",
    title="Task not learned",
    shown_by=frozenset({Ability.TASK}),
    meaning="The model did not reach the required task score.",
    data_cause="The training rows may not show what the gate asks for.",
    levers=(Lever.MORE_TRAINING,),
    repair="Check that training rows and test set have the same form, then train longer.",
)
SAFETY_LOSS = Damage(
    code="safety_loss",
    title="Safety loss",
    shown_by=frozenset({Ability.SAFETY}),
    meaning="Harmful requests that the baseline refused are answered.",
    data_cause="The training rows hold no refusals, or hold harmful requests that are answered.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Remove rows that comply with harmful requests and add refusals of such requests.",
    data_change="add refusals of harmful requests (5–10% of the rows)",
)
OVER_REFUSAL = Damage(
    code="over_refusal",
    title="Over-refusal",
    shown_by=frozenset({Ability.OVER_REFUSAL}),
    meaning="Harmless requests that only look harmful are refused.",
    data_cause="The training rows show refusals without harmless look-alikes beside them.",
    levers=(Lever.REPLAY,),
    repair="Add harmless look-alikes of the refused requests, with real answers.",
    data_change="add harmless look-alikes with answers, about one for each refusal",
)
FORMAT_CORRUPTION = Damage(
    code="format_corruption",
    title="Format corruption",
    shown_by=frozenset({Ability.FORMAT, Ability.INSTRUCTION}),
    meaning="Answers no longer keep the form that was asked for.",
    data_cause="The training rows answer in another form, or none of them asks for one.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add rows that ask for JSON, lists or code and answer in exactly that form.",
    data_change="add rows that ask for a form (JSON, lists, code) and keep to it",
)
LOST_ABSTENTION = Damage(
    code="lost_abstention",
    title="Lost abstention",
    shown_by=frozenset({Ability.ABSTENTION}),
    joined_by=frozenset({Ability.GROUNDING}),
    meaning="The model answers although the context does not hold the answer.",
    data_cause="The training rows hold no unanswerable questions, or answer them.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add unanswerable questions whose answer says so, or preference pairs that reward it.",
    data_change="add unanswerable questions with an explicit abstention (5–10% of the rows)",
)
LOST_GROUNDING = Damage(
    code="lost_grounding",
    title="Lost grounding",
    shown_by=frozenset({Ability.GROUNDING}),
    meaning="Answers no longer come from the given context.",
    data_cause="The training rows answer without a context.",
    levers=(Lever.REPLAY, Lever.LEARNING_RATE),
    repair="Add questions whose answer is in the context and has to be read from there.",
    data_change="add questions that are answered from their context",
)
UNEXPLAINED = Damage(
    code="unexplained",
    title="Regression of no known pattern",
    shown_by=frozenset(Ability),
    meaning="A gate failed in a way that fits no known damage.",
    data_cause="Read the lost samples: the figures alone do not tell the cause.",
    levers=(Lever.LEARNING_RATE, Lever.REPLAY, Lever.EPOCHS),
    repair="Look at the lost samples; where nothing stands out, train more gently.",
)

SINGLE_DAMAGES = (
    SAFETY_LOSS,
    FORMAT_CORRUPTION,
    LOST_ABSTENTION,
    LOST_GROUNDING,
    OVER_REFUSAL,
)
"""Damages of one ability, each judged by its own gates alone."""
