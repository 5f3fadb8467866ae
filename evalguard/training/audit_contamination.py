"""Items of the gate's own suites that occur in the training data.

A gate on questions that the model was trained on measures memory. An item is contaminated when a
training row asks the same words, or when :data:`COVERAGE` of the item's words lie in runs of
:data:`RUN_WORDS` words that one row holds in the same order (after the n-gram method of Brown et
al. 2020, arXiv:2005.14165, appendix C, and of Touvron et al. 2023, arXiv:2307.09288, appendix A.6).
Runs that many items share are a template and prove nothing, and neither does a part of an item of
fewer than :data:`LONG_WORDS` words: of those, a row must hold every word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from evalguard.training.audit_duplicates import NearIndex
from evalguard.training.audit_findings import SHOWN_EVIDENCE, AuditFinding, Level, Location, cut
from evalguard.training.audit_suites import SuiteItem
from evalguard.training.audit_words import question, whole, words
from evalguard.training.formats import Example

RUN_WORDS = 8
COVERAGE = 0.7
LONG_WORDS = 13
"""Brown et al. compare 13-grams; a shorter item may differ in the one word that matters."""

TEMPLATE_ITEMS = 20
"""A run in more items than these belongs to their template."""


def find_contamination(
    examples: Sequence[Example], items: Sequence[SuiteItem]
) -> Iterable[AuditFinding]:
    """Find items of suites that training rows hold: copies as errors, near copies as warnings."""
    copies = _copies(examples, items)
    near = _near_copies(examples, items, known=set(copies))
    if copies:
        yield AuditFinding(
            code="contamination",
            level=Level.ERROR,
            title=f"{len(copies)} of {len(items)} suite items are in the training data",
            count=len(copies),
            advice="Remove these rows: gating on training data only measures memorisation.",
            evidence=_evidence(copies, examples, items),
            places=tuple(items[number].where for number in copies),
        )
    if near:
        yield AuditFinding(
            code="near_contamination",
            level=Level.WARNING,
            title=f"{len(near)} of {len(items)} suite items are near duplicates of training rows",
            count=len(near),
            advice=(
                "Review the pairs. Remove rows that ask the same question; pairs that only share "
                "a template are fine."
            ),
            evidence=_evidence(near, examples, items),
            places=tuple(items[number].where for number in near),
        )


def _copies(examples: Sequence[Example], items: Sequence[SuiteItem]) -> dict[int, int]:
    """Return the number of the row that holds an item, by the number of the item."""
    forms = [
        (number, form)
        for number, item in enumerate(items)
        for form in dict.fromkeys(words(text) for text in item.texts)
        if form
    ]
    by_words: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, form in forms:
        by_words[form].append(number)
    index = _run_index(forms)
    found: dict[int, int] = {}
    for row, example in enumerate(examples):
        for number in by_words.get(words(question(example)), ()):
            found.setdefault(number, row)
        covered = _covered(words(whole(example)), index)
        for form_number, places in covered.items():
            number, form = forms[form_number]
            needed = COVERAGE if len(form) >= LONG_WORDS else 1.0
            if len(places) >= needed * len(form):
                found.setdefault(number, row)
    return dict(sorted(found.items()))


_RunIndex = Mapping[tuple[str, ...], Sequence[tuple[int, int]]]
"""Run of words → (number of the form, place in it)."""


def _run_index(forms: Sequence[tuple[int, tuple[str, ...]]]) -> _RunIndex:
    index: dict[tuple[str, ...], list[tuple[int, int]]] = defaultdict(list)
    for form_number, (_, form) in enumerate(forms):
        for place in range(len(form) - RUN_WORDS + 1):
            index[form[place : place + RUN_WORDS]].append((form_number, place))
    return {
        run: places
        for run, places in index.items()
        if len({forms[form_number][0] for form_number, _ in places}) <= TEMPLATE_ITEMS
    }


def _covered(row: tuple[str, ...], index: _RunIndex) -> dict[int, set[int]]:
    """Return, by form, the places of its words that lie in a run which the row holds."""
    covered: dict[int, set[int]] = defaultdict(set)
    for start in range(len(row) - RUN_WORDS + 1):
        for form_number, place in index.get(row[start : start + RUN_WORDS], ()):
            covered[form_number].update(range(place, place + RUN_WORDS))
    return covered


def _near_copies(
    examples: Sequence[Example], items: Sequence[SuiteItem], *, known: set[int]
) -> dict[int, int]:
    index = NearIndex()
    for number, item in enumerate(items):
        if number not in known:
            index.find(words(item.texts[-1]), number, add=True)
    found: dict[int, int] = {}
    for row, example in enumerate(examples):
        match = index.find(words(question(example)), -1, add=False)
        if match is not None:
            found.setdefault(match[0], row)
    return dict(sorted(found.items()))


def _evidence(
    found: Mapping[int, int], examples: Sequence[Example], items: Sequence[SuiteItem]
) -> tuple[Location, ...]:
    return tuple(
        Location(
            examples[row].where,
            cut(whole(examples[row])),
            items[number].where,
            cut(items[number].texts[-1]),
        )
        for number, row in list(found.items())[:SHOWN_EVIDENCE]
    )
