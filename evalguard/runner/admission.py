"""How a judge did on labels of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evalguard.records import DetectorRates
from evalguard.stats import ConfidenceInterval, cohen_kappa
from evalguard.tasks.labelled import Labelled, LabelSet, Question

Approval = float | str
"""Probability of the judge's yes against its no, or the place of its score on the scale; or why
there is none."""


class Unread(str):
    """Why a reply holds no verdict: it has another form."""

    __slots__ = ()


class Failure(str):
    """Why the judge's engine did not answer; another run may be answered."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """How a judge did on labels.

    Attributes:
        hits: Labelled in favour, and it said so.
        misses: Labelled in favour, and it said the contrary.
        silent_positives: Labelled in favour, and it came to no verdict, or a reply is unread.
        rejections: Labelled against, and it said so.
        false_alarms: Labelled against, and it said the contrary.
        silent_negatives: Labelled against, and it came to no verdict, or a reply is unread.
        ties: Labelled as a tie.
        even: Labelled as a tie, and its replies, all read, are for neither.
        wavered: Pairs on which its verdict changed with the order of the answers.
        notes: What is to be known of the labels.
    """

    hits: int
    misses: int
    silent_positives: int
    rejections: int
    false_alarms: int
    silent_negatives: int
    ties: int = 0
    even: int = 0
    wavered: int = 0
    notes: tuple[str, ...] = ()

    @property
    def positives(self) -> int:
        """Labelled in favour."""
        return self.hits + self.misses + self.silent_positives

    @property
    def negatives(self) -> int:
        """Labelled against."""
        return self.rejections + self.false_alarms + self.silent_negatives

    @property
    def silent(self) -> int:
        """Labels on which it came to no verdict."""
        return self.silent_positives + self.silent_negatives

    @property
    def rates(self) -> DetectorRates:
        """How often its verdicts are right; what has none is not measured, here or in a check."""
        return DetectorRates(
            hits=self.hits,
            positives=self.hits + self.misses,
            rejections=self.rejections,
            negatives=self.rejections + self.false_alarms,
            own=True,
        )

    @property
    def tells_anything(self) -> bool:
        """Whether it is right more often than a coin, as the correction needs."""
        right = (self.hits + 1) / (self.hits + self.misses + 2)
        rejects = (self.rejections + 1) / (self.rejections + self.false_alarms + 2)
        return right + rejects > 1

    @property
    def kappa(self) -> float:
        """Cohen's kappa with the labels; no verdict agrees with none."""
        return self._agreement[0]

    @property
    def kappa_low(self) -> float:
        """Lower limit of kappa's 95 % interval."""
        return self._agreement[1].low

    @property
    def text(self) -> str:
        """The agreement in words.

        Example:
            >>> Admission(20, 5, 0, 15, 10, 0).text
            'kappa 0.40 (0.09 to 0.64) on 50 labels'
        """
        kappa, ci = self._agreement
        value, low, high = (round(one, 2) + 0.0 for one in (kappa, ci.low, ci.high))  # no -0.00
        labels = self.positives + self.negatives
        found = [f"kappa {value:.2f} ({low:.2f} to {high:.2f}) on {labels} labels"]
        if self.ties:
            found.append(f"even on {self.even} of {self.ties} ties")
        return "; ".join([*found, *self.notes])

    @property
    def _agreement(self) -> tuple[float, ConfidenceInterval]:
        return cohen_kappa(self.hits, self.positives, self.rejections, self.negatives)


def admission_of(labels: LabelSet, replies: Sequence[Approval]) -> Admission:
    """Compare the judge's replies with the labels.

    Args:
        labels: The labels.
        replies: The replies to all their questions, in order.
    """
    approvals = iter(replies)
    replied = [[next(approvals) for _ in one.questions] for one in labels.items]
    said = [decided(one.questions, own) for one, own in zip(labels.items, replied, strict=True)]
    counts = Counter(zip((one.label for one in labels.items), said, strict=True))
    return Admission(
        hits=counts[True, True],
        misses=counts[True, False],
        silent_positives=counts[True, None],
        rejections=counts[False, False],
        false_alarms=counts[False, True],
        silent_negatives=counts[False, None],
        ties=labels.counts[None],
        even=sum(
            one.label is verdict is None and not any(isinstance(reply, str) for reply in own)
            for one, own, verdict in zip(labels.items, replied, said, strict=True)
        ),
        wavered=sum(_wavers(one, own) for one, own in zip(labels.items, replied, strict=True)),
        notes=labels.notes,
    )


def decided(questions: Sequence[Question], approvals: Sequence[Approval]) -> bool | None:
    """Return the verdict of most replies, if all are read; none of a tie.

    A check measures no answer with an unread reply, so it is not judged by the others here, either.
    """
    votes = []
    for question, one in zip(questions, approvals, strict=True):
        if isinstance(one, str):
            return None
        votes.append({True: 1, False: -1, None: 0}[question.favours(one)])
    return None if sum(votes) == 0 else sum(votes) > 0


def _wavers(one: Labelled, approvals: Sequence[Approval]) -> bool:
    """Whether the replies to the two orders of a pair contradict each other."""
    values = [approval for approval in approvals if not isinstance(approval, str)]
    return len(one.answers) == len(values) == 2 and min(values) < 0.5 < max(values)
