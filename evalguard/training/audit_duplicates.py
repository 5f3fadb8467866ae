"""Exact and near duplicates among training rows.

Near duplicates are found by MinHash (Broder 1997) over single words and pairs of words, with
locality-sensitive hashing, and confirmed by comparing the words in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from datasketch import MinHash, MinHashLSH

from evalguard.training.audit_findings import SHOWN_EVIDENCE, AuditFinding, Level, Location, cut
from evalguard.training.audit_words import answers, question, similarity, whole, words
from evalguard.training.formats import Example

NEAR_SIMILARITY = 0.8
"""Share of words in common from which on two texts are near duplicates."""

MIN_WORDS = 10
"""Shorter texts are never near duplicates: one word of them is a tenth of their meaning."""

_PERMUTATIONS = 96
_JACCARD = 0.4
"""Candidates overlap by so much; two texts that differ in 10 % of their words do by about 0.7."""

_CROWD = 40
"""Candidates compared for one text. A region so dense is a template, and takes no more texts."""


class NearIndex:
    """Texts among which the near duplicate of another one is found."""

    def __init__(self) -> None:
        self._index: Any = MinHashLSH(threshold=_JACCARD, num_perm=_PERMUTATIONS)
        self._words: dict[int, tuple[str, ...]] = {}

    def find(self, text: tuple[str, ...], key: int, *, add: bool) -> tuple[int, float] | None:
        """Return the key of the most similar text and how similar it is, or ``None``.

        Args:
            text: The words to look for.
            key: Name of the text, if it is added.
            add: Add it where it is no near duplicate of another.
        """
        if len(text) < MIN_WORDS:
            return None
        sketch = _sketch(text)
        candidates = list(self._index.query(sketch))
        found = [(other, similarity(self._words[other], text)) for other in candidates[:_CROWD]]
        best = max(found, key=lambda pair: pair[1], default=None)
        if best is not None and best[1] >= NEAR_SIMILARITY:
            return best
        if add and len(candidates) < _CROWD:
            self._index.insert(key, sketch, check_duplication=False)
            self._words[key] = text
        return None


def _sketch(text: tuple[str, ...]) -> MinHash:
    sketch = MinHash(num_perm=_PERMUTATIONS)
    pairs = {f"{a} {b}" for a, b in pairwise(text)}
    sketch.update_batch([shingle.encode() for shingle in {*text, *pairs}])
    return sketch


def find_duplicates(examples: Sequence[Example]) -> Iterable[AuditFinding]:
    """Find rows that say the same again, nearly the same, or contradict each other."""
    texts = [words(whole(example)) for example in examples]
    first: dict[tuple[str, ...], int] = {}
    exact: list[tuple[int, int]] = []
    for number, text in enumerate(texts):
        if text in first:
            exact.append((number, first[text]))
        else:
            first[text] = number
    yield from _finding(
        "exact_duplicates",
        exact,
        examples,
        "{n} rows repeat an earlier one (ignoring case and punctuation)",
        "Remove them; rows seen twice per epoch are memorised first.",
    )
    index = NearIndex()
    near = [
        (number, found[0])
        for number in first.values()
        if (found := index.find(texts[number], number, add=True))
    ]
    yield from _finding(
        "near_duplicates",
        near,
        examples,
        f"{{n}} rows share {NEAR_SIMILARITY:.0%} or more of their words with another",
        "Keep one of each, unless the model should learn the difference.",
    )
    yield from _finding(
        "contradictions",
        _contradictions(examples),
        examples,
        "{n} rows ask the same as an earlier row but answer differently",
        "Pick one answer, unless you want variety.",
    )


def find_overlap(train: Sequence[Example], validation: Sequence[Example]) -> Iterable[AuditFinding]:
    """Find held-out rows that the training rows hold too, or nearly."""
    both = [*train, *validation]
    asked = [words(question(example)) for example in both]
    first: dict[tuple[str, ...], int] = {}
    index = NearIndex()
    for number in range(len(train)):
        first.setdefault(asked[number], number)
        index.find(asked[number], number, add=True)
    exact, near = [], []
    for number in range(len(train), len(both)):
        if asked[number] in first:
            exact.append((number, first[asked[number]]))
        elif found := index.find(asked[number], number, add=False):
            near.append((number, found[0]))
    yield from _finding(
        "validation_overlap",
        exact,
        both,
        "{n} held-out rows ask the same as a training row",
        "`evalguard train` drops these from the training rows; better fix the files.",
    )
    yield from _finding(
        "validation_near_overlap",
        near,
        both,
        "{n} held-out rows ask almost the same as a training row",
        "They make the held-out loss look too low; hold out other rows.",
    )


def _contradictions(examples: Sequence[Example]) -> list[tuple[int, int]]:
    by_question: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, example in enumerate(examples):
        if example.kind == "conversation":
            by_question[words(question(example))].append(number)
    found: list[tuple[int, int]] = []
    for numbers in by_question.values():
        first = words("\n".join(answers(examples[numbers[0]])))
        found += [
            (number, numbers[0])
            for number in numbers[1:]
            if words("\n".join(answers(examples[number]))) != first
        ]
    return found


def _finding(
    code: str,
    pairs: Sequence[tuple[int, int]],
    examples: Sequence[Example],
    title: str,
    advice: str,
) -> Iterable[AuditFinding]:
    if not pairs:
        return
    yield AuditFinding(
        code=code,
        level=Level.WARNING,
        title=title.format(n=len(pairs)),
        count=len(pairs),
        advice=advice,
        evidence=tuple(
            Location(
                examples[a].where,
                cut(whole(examples[a])),
                examples[b].where,
                cut(whole(examples[b])),
            )
            for a, b in pairs[:SHOWN_EVIDENCE]
        ),
        places=tuple(examples[a].where for a, _ in pairs),
    )
