"""Answers that must not all score alike: they show, before a model is asked, that a gate can fail.

A scorer that never gives the worst score, and one and the same score to an empty answer, a loop,
another row's target and text of every kind, cannot tell a broken model from a good one. One that
gives any of them the worst score, or two of them different scores, is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FunctionType
from typing import Any, TypeVar

from evalguard.records import Metric
from evalguard.scorers.binding import Row, Scorer
from evalguard.scorers.registry import BUILT_IN
from evalguard.scorers.targets import shown

ROWS = 4
"""Rows on which answers are tried, spread over the data; most scorers need a single answer."""

CHARS_PER_TOKEN = 8
"""No text of that many characters for each token of the limit is ever written: tokens of common
vocabularies have about 4."""

MADE_UP = (
    "",
    "the the the the the the the the the the the the",
    "I'm sorry, but I can't help with that.",
    "yes",
    "Paris, 1887",
    " ".join(f"Sentence {n} says something else about topic {n * 7}." for n in range(80)),
    '{"a": [1, 2.5, null], "b": {"c": "d"}}',
    "# Title\n\n- one\n- **two** `x = 3`\n",
    "<p>&amp; | ~ ^ % $5 (a) [b] {c} \\ / @ … é 中文 😀</p>",
    "def f(x):\n    return x + 1\n",
    "DAS IST LAUT GESCHRIEBEN!!! ??? ;;; ::: ... 0000 12345678901234567890",
    "\ufffd\ufffd\ufffd)(*&",
    "As an AI language model: write to [NAME] <jo.doe@example.com>, +44 20 7946 0958 or "
    "555-867-5309, https://www.example.com/a?b=1, 192.168.0.1, 1999-12-31, 31/12/1999, "
    "$1,299.00, 4111 1111 1111 1111, 4111111111111111, 123-45-6789, GB82 WEST 1234 5698 7654 32, "
    "DE89370400440532013000, sk-abcdefghijklmnopqrstuvwxyz012345",
    "same line\nsame line\nsame line\n<b>" + "w" * 200 + "\nTODO: {{ name }} <|end|>",
)
"""Answers of every kind; no scorer has to call any of them wrong, but not all can be right."""

_MOST_TEXTS = 300
_LONGEST_TEXT = 2000
_PATTERN_SIGNS = re.compile(r"\\[A-Za-z]|\(\?[:!=<][=!]?|[\\^$.*+?()\[\]{}|]")

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Item:
    """A row as its answers are scored.

    Attributes:
        prompt: What a model is asked.
        target: What is expected.
        row: The row.
    """

    prompt: str
    target: str
    row: Row


def cannot_fail(
    scorers: Iterable[Scorer], items: Sequence[Item], *, stop: Sequence[str], max_new_tokens: int
) -> dict[str, str]:
    """Return why a gate on a metric could not fail, by metric.

    Args:
        scorers: What measures the answers.
        items: Every row.
        stop: Stop strings of the task.
        max_new_tokens: Longest answer in tokens.
    """
    limit = max_new_tokens * CHARS_PER_TOKEN
    chosen = spread(items)
    found: dict[str, str] = {}
    for scorer in scorers:
        found |= _constant(scorer, chosen, stop, limit)
        found |= {name: why for name, why in _beaten(scorer, chosen).items() if name not in found}
    return found


def spread(items: Sequence[ItemT], rows: int = ROWS) -> list[ItemT]:
    """Return a few items from all parts of a sequence.

    Example:
        >>> spread(range(100)), spread("ab")
        ([0, 25, 50, 75], ['a', 'b'])
    """
    places = dict.fromkeys(n * len(items) // rows for n in range(rows)) if items else ()
    return [items[place] for place in places]


def answers_to(item: Item, others: Iterable[str]) -> Iterator[str]:
    """Yield the answers that are tried on a row.

    Args:
        item: The row.
        others: The targets of other rows.
    """
    yield from (MADE_UP[0], item.target)  # which tell most scorers apart
    yield from (one for one in others if one != item.target)
    yield from MADE_UP[1:]
    yield item.prompt
    yield "\n".join(_texts(item.row))


def cut(answer: str, stop: Iterable[str]) -> str:
    """Return an answer up to the first stop string, as engines return it."""
    for one in filter(None, stop):
        answer = answer.split(one, maxsplit=1)[0]
    return answer


def one_score(
    metrics: Iterable[Metric],
    answers: Iterable[ItemT],
    score: Callable[[ItemT], Mapping[str, float] | None],
    *,
    believe_usual: bool = True,
) -> dict[str, float]:
    """Return the metrics that give every answer one score, which is not the worst; and that score.

    Args:
        metrics: The metrics.
        answers: What is scored.
        score: Returns the scores of an answer; ``None`` where it cannot be scored, which tells it
            from others.
        believe_usual: Whether a metric is believed as soon as an answer has a usual score.
    """
    open_metrics = {metric.name: metric for metric in metrics}
    seen: dict[str, float] = {}
    for answer in answers:
        scores = score(answer)
        if scores is None:
            return {}
        for name, value in scores.items():
            metric = open_metrics.get(name)
            if metric is None:
                continue
            believed = value == metric.worst or (believe_usual and is_usual(metric, value))
            if believed or seen.setdefault(name, value) != value:
                del open_metrics[name]
        if not open_metrics:
            return {}
    return {name: seen[name] for name in open_metrics if name in seen}


def is_usual(metric: Metric, score: float) -> bool:
    """Return whether most answers may well have a score, though others have another.

    So it is with 0 in a range on both sides of it, which is given to what cannot be read, and with
    the least of what is counted and should be little, such as words that must not be written.
    """
    none = score == 0 and metric.low < 0 < metric.high
    return none or (not metric.higher_is_better and score == metric.low)


def _constant(
    scorer: Scorer, items: Sequence[Item], stop: Sequence[str], limit: int
) -> dict[str, str]:
    """Return the metrics that give every answer the same score."""
    extra = list(islice(_own_texts(scorer), _MOST_TEXTS))
    tried = [
        (item, answer)
        for item in items
        for answer in (*answers_to(item, [one.target for one in items]), *extra)
    ]

    reads = _reads_answer(scorer)

    def constant(stops: Sequence[str], longest: int | None) -> dict[str, float]:
        cuts = ((item, cut(answer, stops)[:longest]) for item, answer in tried)
        return one_score(
            scorer.metrics, cuts, lambda one: _scores(scorer, *one), believe_usual=reads
        )

    found = constant(stop, limit)
    if not found:
        return {}
    uncut = constant((), None)
    return {
        name: (
            f"scorer '{scorer.name}' gives {value:g} to each of {len(tried)} different answers, an "
            f"empty one, a loop and another row's target among them. "
            f"{_cause(scorer, stop, cut_alone=name not in uncut)}"
        )
        for name, value in found.items()
    }


def _cause(scorer: Scorer, stop: Sequence[str], *, cut_alone: bool) -> str:
    if cut_alone:
        stops = f"stop: {', '.join(map(repr, stop[:5]))} or " if stop else ""
        return f"{stops}max_new_tokens cuts every answer before it could lose; without, some do"
    if scorer.name in BUILT_IN:
        return "Give options that some answer does not meet, or another scorer"
    if not _reads_answer(scorer):
        return "Its function never reads its first parameter, the answer"
    return f"If another answer loses, write it down: @scorer(name='{scorer.name}', loses=[…])"


def _beaten(scorer: Scorer, items: Sequence[Item]) -> dict[str, str]:
    """Return the metrics of a comparison that an answer wins which is no answer, on every row."""
    if scorer.check_target is None or not items:
        return {}
    found = {}
    for metric in scorer.sample_metrics:
        if what := _winner(scorer, metric, items):
            found[metric.name] = (
                f"scorer '{scorer.name}' scores {what} as high as the target itself on every row "
                f"that was tried, such as {shown(items[0].target)}. Another column may be meant by "
                "'target', or the scorer's options make all answers alike"
            )
    return found


def _winner(scorer: Scorer, metric: Metric, items: Sequence[Item]) -> str:
    """Return what wins on every row as the target does; empty where nothing else does."""
    wrong: dict[str, Callable[[Item], str | None]] = {
        "an empty answer": lambda item: "",
        "the prompt": _prompt_alone,
        "another row's target": lambda item: next(
            (one.target for one in items if one.target.strip() != item.target.strip()), None
        ),
    }

    def wins(item: Item, answer: str | None) -> bool:
        right = _scores(scorer, item, item.target.strip())
        other = None if answer is None else _scores(scorer, item, answer)
        if right is None or other is None:
            return False
        return as_good(metric, right[metric.name], other[metric.name])

    return next(
        (what for what, make in wrong.items() if all(wins(item, make(item)) for item in items)), ""
    )


def as_good(metric: Metric, target: float, other: float) -> bool:
    """Return whether another answer scores as well as a target that does not lose itself."""
    sign = 1 if metric.higher_is_better else -1
    return target != metric.worst and sign * (other - target) >= 0


def _prompt_alone(item: Item) -> str | None:
    """Return the prompt, unless the target is a part of it: answers are often found in a text."""
    return item.prompt if 2 * len(item.target.strip()) > len(item.prompt.strip()) else None


def _scores(scorer: Scorer, item: Item, answer: str) -> dict[str, float] | None:
    """Return the scores of an answer; ``None`` where the scorer, which may be anyone's, fails."""
    with suppress(Exception):
        scores = scorer.score(answer, item.target, item.row) if scorer.sample_metrics else {}
        for name in scorer.corpus_metrics:
            scores[name] = scorer.score_corpus(name, [(answer, item.target, item.row)])
        return scores
    return None


def _own_texts(scorer: Scorer) -> Iterator[str]:
    """Yield what a scorer may look for: what it says loses, its options, and texts of its code."""
    yield from scorer.loses
    own = scorer.name not in BUILT_IN
    found = [*_texts(scorer.options), *(_texts_of_code(scorer.function, depth=3) if own else ())]
    short = [text for text in dict.fromkeys(found) if len(text) <= _LONGEST_TEXT]
    plain = [" ".join(_PATTERN_SIGNS.sub(" ", text).split()) for text in short]
    yield " ".join(plain)[:_LONGEST_TEXT]
    yield from dict.fromkeys([*short, *plain])


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in plain data, and in patterns."""
    if isinstance(value, str):
        yield value
    elif isinstance(pattern := getattr(value, "pattern", None), str):
        yield pattern
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
        yield from (key for key in value if isinstance(key, str))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in sorted(value, key=repr) if isinstance(value, set | frozenset) else value:
            yield from _texts(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _texts_of_code(function: Any, *, depth: int) -> Iterator[str]:
    """Yield the texts that a function's code holds, and those of the functions that it names."""
    if not isinstance(function, FunctionType) or depth == 0:
        return
    yield from (text for code in _codes(function.__code__) for text in _texts(code.co_consts))
    for name in dict.fromkeys(n for code in _codes(function.__code__) for n in code.co_names):
        value = function.__globals__.get(name)
        yield from _texts(value)
        yield from _texts_of_code(value, depth=depth - 1)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _reads_answer(scorer: Scorer) -> bool:
    """Return whether a scorer's function reads its first parameter, as far as its code shows."""
    import dis

    code = getattr(scorer.function, "__code__", None)
    if not isinstance(code, CodeType) or not code.co_argcount:
        return True
    first = code.co_varnames[0]
    return first in code.co_cellvars or any(
        step.opname.startswith("LOAD_FAST") and first in str(step.argrepr).split(", ")
        for step in dis.get_instructions(code)
    )
