"""Tells a judge from a rule that needs no judge, such as "the longer answer is better".

Where the agreement of a rule on the mere form of the answers with the labels is within the judge's
confidence interval, the labels cannot show that the judge is more than the rule. Then the judge is
asked again about altered answers on which the rule is wrong: the worse answer repeated until it is
1.5 times as long as the other. A judge of what an answer says is right on these as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from evalguard.stats import cohen_kappa
from evalguard.tasks.labelled import Labelled

FEWEST_ALTERED = 10
"""Altered answers without which a judge cannot be told from a rule."""

MOST_ALTERED = 40
"""Chosen by hand: a share of 80 % right is known to ±12 points at 95 %."""

CLEARLY = 1.5
"""How many times as much an altered answer has, so that similar rules are wrong as well; chosen by
hand."""

MOST_ADDED = 200
"""Times that something is added to one answer."""

_MOST_LIMITS = 64
"""Limits that are tried for answers that are judged alone."""

_MARKS = re.compile(r"[*#`|]|^\s*-\s", re.MULTILINE)

Counted = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that can be counted in an answer without reading it.

    Attributes:
        count: How much of it an answer has.
        add: Adds some of it without changing what the answer says.
        more: What the rule is called that favours more of it.
        less: What the contrary rule is called.
    """

    count: Counted
    add: Callable[[str, str], str]
    more: str
    less: str


def _repeated(text: str, _original: str) -> str:
    return f"{text} {_original}"


FEATURES = (
    Feature(len, _repeated, "the longer answer", "the shorter answer"),
    Feature(
        lambda text: text.count("\n"),
        lambda text, _: text.replace(" ", "\n", 1),
        "the answer with more lines",
        "the answer with fewer lines",
    ),
    Feature(
        lambda text: len(_MARKS.findall(text)),
        lambda text, _: f"**{text}**",
        "the answer with more Markdown",
        "the answer with less Markdown",
    ),
    Feature(
        lambda text: sum(character.isdigit() for character in text),
        lambda text, _: f"{text} (1)",
        "the answer with more digits",
        "the answer with fewer digits",
    ),
    Feature(
        lambda text: text.count("!"),
        lambda text, _: f"{text}!",
        "the answer with more exclamation marks",
        "the answer with fewer exclamation marks",
    ),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A trivial judge.

    Attributes:
        feature: What it counts.
        favours_more: Whether it favours more of it.
        limit: Count above which there is more, where answers are judged alone.
        kappa: Its agreement with the labels.
    """

    feature: Feature
    favours_more: bool
    limit: float
    kappa: float

    @property
    def name(self) -> str:
        """What it takes."""
        return self.feature.more if self.favours_more else self.feature.less


def rules_as_good(items: Sequence[Labelled], kappa_low: float) -> list[Rule]:
    """Return the rules that the labels do not tell from a judge.

    Args:
        items: The labels; ties are left out.
        kappa_low: Lower confidence bound of the judge's agreement with them.
    """
    decided = [item for item in items if item.label is not None]
    found = (_best(feature, decided) for feature in FEATURES)
    return [rule for rule in found if rule.kappa >= kappa_low]


def against(rule: Rule, items: Sequence[Labelled]) -> Iterator[tuple[Labelled, tuple[str, ...]]]:
    """Yield items with altered answers on which the rule is wrong and the label still holds.

    Of a pair, the answer that the rule would not take is given more of what it counts; of single
    answers those whose label asks for less of it, which get as much as the others usually have.
    """
    feature, given = rule.feature, 0
    counts = [feature.count(answer) for item in items for answer in item.answers]
    usual = median([count for count in counts if count > rule.limit] or [rule.limit])
    for item in items:
        target = _altered_place(rule, item, usual) if given < MOST_ALTERED else None
        if target is None:
            continue
        place, limit = target
        changed = _raised(feature, item.answers[place], limit)
        if changed is not None:
            given += 1
            answers = list(item.answers)
            answers[place] = changed
            yield item, tuple(answers)


def _altered_place(rule: Rule, item: Labelled, usual: float) -> tuple[int, float] | None:
    """Return which answer of an item gets more, and more than what; ``None`` for none."""
    if item.label is None:
        return None
    if len(item.answers) == 1:
        return None if item.label is rule.favours_more else (0, usual)
    better = 0 if item.label else 1
    place = 1 - better if rule.favours_more else better
    return place, rule.feature.count(item.answers[1 - place])


def _raised(feature: Feature, text: str, limit: float) -> str | None:
    """Return an answer with more of a feature than some limit; ``None`` where it takes too much."""
    changed = text
    for _ in range(MOST_ADDED):
        if not text.strip():
            return None
        changed = feature.add(changed, text)
        if feature.count(changed) > CLEARLY * limit:
            return changed
    return None


def _best(feature: Feature, items: Sequence[Labelled]) -> Rule:
    """Return the rule on a feature that agrees best with the labels."""
    limits = [0.0]
    if all(len(item.answers) == 1 for item in items):
        found = sorted({feature.count(item.answers[0]) for item in items})
        limits = found[:: max(1, len(found) // _MOST_LIMITS)]
    rules = (
        Rule(feature, more, limit, _agreement(feature, items, more, limit))
        for limit in limits
        for more in (True, False)
    )
    return max(rules, key=lambda rule: rule.kappa)


def _agreement(feature: Feature, items: Sequence[Labelled], more: bool, limit: float) -> float:
    counts: Mapping[bool, list[int]] = {True: [0, 0], False: [0, 0]}
    for item in items:
        assert item.label is not None
        counts[item.label][1] += 1
        amounts = [feature.count(answer) for answer in item.answers]
        first, second = amounts if len(amounts) == 2 else (amounts[0], limit)
        if first == second and len(amounts) == 2:
            continue
        counts[item.label][0] += ((first > second) is more) is item.label
    (hits, positives), (rejections, negatives) = counts[True], counts[False]
    return cohen_kappa(hits, positives, rejections, negatives)[0]
