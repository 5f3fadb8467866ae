"""Made-up answers show before a check whether a gate on a scorer could fail."""

import re
from dataclasses import replace

import pytest

from evalguard import scorers
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.binding import Scorer
from evalguard.scorers.canaries import Item, cannot_fail

ROWS = [
    Item(f"What is {n} times 3?", f"{n * 3}", {"q": f"What is {n} times 3?", "a": f"{n * 3}"})
    for n in range(12)
]
FORBIDDEN = frozenset({"damn", "heck"})
PATTERN = re.compile(r"\b(?:confidential|internal)\b", re.IGNORECASE)


def own(function, **declared) -> Scorer:
    metrics = (Metric(function.__name__, ScoreKind.BOUNDED, **declared),)
    return Scorer(function.__name__, "1", metrics, {}, function, function.__code__.co_argcount,
                  {}, {})  # fmt: skip


def problems(scorer, *, stop=(), max_new_tokens=256, rows=ROWS):
    return cannot_fail([scorer], rows, stop=stop, max_new_tokens=max_new_tokens)


def always(output, target):
    return 1.0


def half(output):
    return 0.5 * (len(output) > -1)


def of_target(output, target):
    return float(target == target.strip())


def has_length(output):
    return float(len(output) >= 0)


def swallows(output):
    try:
        return float(output.no_such)
    except AttributeError:
        return 1.0


@pytest.mark.parametrize("function", [always, half, of_target, has_length, swallows])
def test_a_scorer_that_tells_nothing_apart_cannot_fail(function):
    [(metric, why)] = problems(own(function)).items()
    assert metric == function.__name__
    assert "an empty one, a loop and another row's target" in why


def test_the_cause_is_named():
    assert "never reads its first parameter" in problems(own(always))["always"]
    assert "loses=[…]" in problems(own(has_length))["has_length"]


def avoids(output):
    return float(not any(word in output for word in FORBIDDEN))


def avoids_pattern(output):
    return float(not PATTERN.search(output))


def avoids_by_helper(output):
    return avoids(output)


def keeps_short(output):
    return float(len(output.split()) <= 40)


def mentions(output):
    return float("Dear customer" in output)


def raises(output):
    raise ValueError(output)


@pytest.mark.parametrize(
    "function", [avoids, avoids_pattern, avoids_by_helper, keeps_short, mentions, raises]
)
def test_honest_scorers_are_left_alone(function):
    assert problems(own(function)) == {}


def test_a_count_of_what_is_rare_may_be_0_for_every_answer():
    def count(output):
        return min(1.0, output.count(chr(0x1F9FF)))

    assert problems(own(count, higher_is_better=False)) == {}
    assert problems(own(of_target, higher_is_better=False)) == {}  # the worst: it can only improve


def test_an_answer_that_loses_can_be_declared():
    def rare(output):
        return float(chr(0x1F9FF) not in output)

    assert problems(own(rare))
    known = replace(own(rare), loses=("a \U0001f9ff",))
    assert problems(known) == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"^.{0,400}$",
        r"^(?!.*\b(As an AI|language model)\b)",
        r"^[^0-9]*$",
        r"^\S+$",
        r"^(open|close)$",
        r"^[A-Z]{3}-\d{4}$",
    ],
)
def test_patterns_that_some_answer_misses_are_left_alone(pattern):
    assert problems(scorers.get("regex", pattern=pattern)) == {}


def test_stop_strings_that_cut_every_answer_are_the_cause():
    scorer = scorers.get("regex", pattern=r"(?s)^.{0,400}$")
    assert problems(scorer) == {}
    [why] = problems(scorer, stop=[*"aeiou", " "]).values()
    assert "stop: 'a', 'e', 'i', 'o', 'u'" in why
    [why] = problems(scorer, max_new_tokens=12).values()
    assert "max_new_tokens cuts every answer" in why


def test_a_target_that_is_the_prompt_is_another_column():
    rows = [Item(one.prompt, one.prompt, one.row) for one in ROWS]
    assert (
        "scores the prompt as high"
        in problems(scorers.get("exact_match"), rows=rows)["exact_match"]
    )


def test_an_answer_that_is_found_in_the_prompt_is_no_other_column():
    text = "The committee met in Lisbon in March and adopted the plan. Where did it meet?"
    rows = [Item(text, "Lisbon", {}) for _ in range(4)]
    assert problems(scorers.get("contains"), rows=rows) == {}


@pytest.mark.parametrize(
    "name",
    ["exact_match", "contains", "token_f1", "rouge_l", "chrf", "json_valid", "yaml_valid",
     "python_parse", "sql_valid", "refusal", "compliance", "abstention", "answered"],
)  # fmt: skip
def test_the_built_in_scorers_can_fail(name):
    assert problems(scorers.get(name)) == {}
