"""Labels of people, one for each answer or pair, however many annotators there were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from unicodedata import category

from evalguard.scorers.written import comparable
from evalguard.tasks.rows import ID_COLUMN, Row
from evalguard.tasks.scales import Scale


@dataclass(frozen=True, slots=True)
class Question:
    """What the judge is asked, and the two words that it may reply.

    Attributes:
        text: The question, before the judge's chat template.
        yes: The reply in favour of what is judged.
        no: The other one.
        scale: The scale of the reply, where it is a score, or two scores of a pair.
    """

    text: str
    yes: str
    no: str
    scale: Scale | None = None

    def favours(self, approval: float) -> bool | None:
        """Return whether a reply is in favour of what is judged; ``None`` where it is even."""
        threshold = self.scale.threshold if self.scale else None
        if threshold is not None:
            return approval >= threshold
        return None if approval == 0.5 else approval > 0.5


@dataclass(frozen=True, slots=True)
class Labelled:
    """What people have labelled.

    Attributes:
        questions: What the judge is asked about it; it favours it with the mean over all of them.
        label: Whether people favour it; ``None`` for a tie.
        answers: The answer, or the two.
        row: The row that it stands in.
        question: What the models were asked.
        keys: What the judge is asked, as texts are compared; the questions themselves without it.
    """

    questions: tuple[Question, ...]
    label: bool | None
    answers: tuple[str, ...] = ()
    row: Row = field(default_factory=lambda: Row(0, {}))
    question: str = ""
    keys: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[str, ...]:
        """By what it is the same as another label's."""
        return self.keys or tuple(one.text for one in self.questions)


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of a file.

    Attributes:
        items: One for each answer or pair.
        source: The form that the file has, where it is another than the project's own.
        agreeing: Pairs of labels of the same item that are equal.
        pairs: All pairs of labels of the same item.
        uneven: Items left out because annotators do not agree on them.
        again: Items left out because another one of the same label differs from them in
            punctuation, case or blanks alone.
        skipped: Rows left out because the project says so.
        same: Pairs left out because their two answers are the same, which nobody can compare.
    """

    items: tuple[Labelled, ...]
    source: str = ""
    agreeing: int = 0
    pairs: int = 0
    uneven: int = 0
    again: int = 0
    skipped: int = 0
    same: int = 0

    @property
    def counts(self) -> Mapping[bool | None, int]:
        """Items by label."""
        return Counter(item.label for item in self.items)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of the labels."""
        found = []
        if self.source:
            found.append(f"labels read as {self.source}")
        if self.pairs:
            share = self.agreeing / self.pairs
            found.append(f"annotators agree on {share:.0%} of {self.pairs} pairs of labels")
        if self.uneven:
            found.append(f"{self.uneven} left out, as annotators disagree on them")
        if self.again:
            found.append(
                f"{self.again} left out, as they differ from others in punctuation or case alone"
            )
        if self.skipped:
            found.append(f"{self.skipped} rows left out ('skip')")
        if self.same:
            found.append(f"{self.same} left out, as their two answers are the same")
        return tuple(found)


def contradicting(found: Iterable[Labelled]) -> Iterator[tuple[Labelled, Labelled]]:
    """Yield labels of other texts than the first label under the same id, with that one.

    Several people label one answer, or one pair in either order, under one id.
    """
    first: dict[str, Labelled] = {}
    for one in found:
        id_ = one.row.data.get(ID_COLUMN)
        before = one if id_ is None else first.setdefault(str(id_), one)
        if _texts(one) != _texts(before):
            yield one, before


def _texts(one: Labelled) -> tuple[str, list[str]]:
    """Return what was labelled, as texts are compared, whatever the order of a pair."""
    return comparable(one.question), sorted(map(comparable, one.answers))


def merged(found: Iterable[Labelled], annotators: str) -> LabelSet:
    """Return one label for each item.

    A pair that was labelled in both orders is one item, and so are texts of one label that have the
    same letters and digits: what is written thirty times with other dots shows no more than once.

    Args:
        found: Labels, each by one annotator.
        annotators: ``majority``: the most frequent label, where two are most frequent a tie of a
            pair, and an answer is left out; ``all``: items on which all agree.
    """
    groups: dict[frozenset[str], list[Labelled]] = {}
    for one in found:
        groups.setdefault(frozenset(one.compared), []).append(one)
    items: list[Labelled] = []
    agreeing = pairs = uneven = again = same = 0
    known: set[tuple[object, ...]] = set()
    for compared, group in groups.items():
        is_pair = len(group[0].questions) == 2
        if is_pair and len(compared) == 1:
            same += 1
            continue
        labels = [_oriented(one, group[0]) for one in group]
        agreeing += sum(comb(count, 2) for count in Counter(labels).values())
        pairs += comb(len(labels), 2)
        decided, label = _label_of(labels, annotators, is_pair=is_pair)
        bare = (label, *map(_letters, group[0].compared))
        if not decided:
            uneven += 1
        elif bare in known:
            again += 1
        else:
            known.add(bare)
            items.append(replace(group[0], label=label))
    return LabelSet(
        tuple(items), agreeing=agreeing, pairs=pairs, uneven=uneven, again=again, same=same
    )


def _letters(text: str) -> str:
    """Return the letters, their marks and the digits of a text; the text itself without any."""
    return "".join(one for one in text.casefold() if category(one)[0] in "LMN") or text


def _oriented(one: Labelled, first: Labelled) -> bool | None:
    """Return a label as if its pair stood in the order of the first."""
    if one.label is None or one.compared[0] == first.compared[0]:
        return one.label
    return not one.label


def _label_of(
    labels: Sequence[bool | None], annotators: str, *, is_pair: bool
) -> tuple[bool, bool | None]:
    """Return whether annotators came to a label, and to which."""
    (label, most), *others = Counter(labels).most_common()
    if annotators == "all":
        return not others, label
    if others and others[0][1] == most:
        return is_pair, None
    return True, label
