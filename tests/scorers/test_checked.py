"""A score that cannot be had is an error with a name, never a number."""

import math
from time import process_time
from typing import Any

import pytest

from evalguard import scorers
from evalguard.errors import MeasurementError, UsageError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers import MAX_OUTPUT_CHARS, Scorer, score_checked
from evalguard.scorers.registry import BUILT_IN
from tests.scorers.sandbox import with_sandbox


def scorer_of(function, *metrics):
    return Scorer(
        name="ours",
        version="1",
        sample_metrics=metrics or (Metric("ours"),),
        corpus_metrics={},
        function=function,
        arity=1,
        options={},
        arguments={},
    )


def check(scorer, output="x", target="", row=None):
    return score_checked(scorer, output, target, row or {}, sample_id="q17")


@pytest.mark.parametrize(
    ("returned", "kind", "reason"),
    [
        (math.nan, ScoreKind.BINARY, "ours=nan is not within"),
        (math.inf, ScoreKind.BOUNDED, "ours=inf is not within"),
        (1.5, ScoreKind.BOUNDED, r"ours=1.5 is not within \[0, 1\]"),
        (-0.1, ScoreKind.BOUNDED, "ours=-0.1 is not within"),
        (0.5, ScoreKind.BINARY, "neither 0 nor 1"),
        ({"other": 1.0}, ScoreKind.BINARY, r"returned the metrics \['other'\]"),
        ({"ours": 1.0, "other": 1.0}, ScoreKind.BINARY, "declared are"),
        ({}, ScoreKind.BINARY, r"returned the metrics \[\]"),
        (None, ScoreKind.BINARY, "TypeError"),
        ("high", ScoreKind.BINARY, "ValueError"),
    ],
)
def test_values_that_are_no_scores(returned, kind, reason):
    with pytest.raises(MeasurementError, match=reason) as caught:
        check(scorer_of(lambda output: returned, Metric("ours", kind)))
    assert str(caught.value).startswith("scorer 'ours', sample 'q17': ")


def test_a_scorer_that_raises_is_named_with_the_sample():
    def broken(output):
        return output["key"]

    with pytest.raises(MeasurementError, match="scorer 'ours', sample 'q17': TypeError") as caught:
        check(scorer_of(broken))
    assert isinstance(caught.value.__cause__, TypeError)


def test_good_scores_pass_unchanged():
    assert check(scorer_of(lambda output: True)) == {"ours": 1.0}
    bounded = Metric("ours", ScoreKind.BOUNDED, -1.0, 1.0)
    assert check(scorer_of(lambda output: -0.25, bounded)) == {"ours": -0.25}


@pytest.mark.parametrize(
    ("name", "target", "row", "options", "reason"),
    [
        ("numeric", "no number", {}, {}, "the target 'no number' holds no number"),
        ("json_fields", "[1]", {}, {}, "must be a JSON object"),
        ("json_fields", '{"a": 1}', {}, {"fields": ["b"]}, r"one of the fields \['b'\]"),
        ("json_schema", "", {}, {}, "column 'schema'"),
        ("json_schema", "", {"schema": {"type": 3}}, {}, "not a JSON schema"),
        ("json_schema", "", {"schema": {"$ref": "#/$defs/a"}}, {}, "nothing is found under '#/"),
        ("label_set", " ", {}, {}, "the target names no label"),
        ("numeric", "5 or 6 apples? 2\\pi", {}, {}, "holds no number"),
        ("constraints", "", {}, {}, "column 'constraints': must be a mapping"),
        ("constraints", "", {"constraints": {"words": 3}}, {}, "unknown constraint 'words'"),
        ("exact_match", "a", {}, {"aliases": "also"}, "column 'also' .* holds None"),
    ],
)
def test_data_that_cannot_be_scored_against(name, target, row, options, reason):
    with pytest.raises(MeasurementError, match=f"scorer '{name}', sample 'q17': .*{reason}"):
        check(scorers.get(name, **options), '{"a": 1}', target, row)


def test_a_remote_schema_is_not_fetched():
    remote = {"$ref": "http://127.0.0.1:9/schema.json"}
    with pytest.raises(UsageError, match=r"nothing is found under 'http://127\.0"):
        scorers.get("json_schema", schema=remote)
    with pytest.raises(MeasurementError, match="nothing is found under"):
        check(scorers.get("json_schema"), "{}", row={"schema": remote})


def test_a_regex_that_never_ends_is_stopped():
    endless = scorers.get("regex", pattern="(a|aa)+$")
    started = process_time()
    with pytest.raises(MeasurementError, match=r"sample 'q17': .* was stopped after 1 s"):
        check(endless, "a" * 5000 + "b")
    assert process_time() - started < 20


def test_a_pattern_within_a_schema_is_stopped_too():
    schema = {"type": "string", "pattern": "(a|aa)+$"}
    with pytest.raises(MeasurementError, match="was stopped after 1 s"):
        check(scorers.get("json_schema", schema=schema), '"' + "a" * 5000 + 'b"')


NEEDED: dict[str, dict[str, Any]] = {
    "regex": {"pattern": "x$"},
    "json_schema": {"schema": {"type": "object"}},
    "unit_tests": with_sandbox({"allow_code_execution": True}),
    "label": {"labels": ["a", "b"]},
    "constraints": {"require": {"max_words": 5}},
}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_fifty_megabytes_score_the_worst_at_once(name):
    scorer = scorers.get(name, **NEEDED.get(name, {}))
    output = "1" * 50_000_000
    started = process_time()
    scores = check(scorer, output, '{"a": 1}')
    assert process_time() - started < 2
    assert all(scores[metric.name] == metric.low for metric in scorer.sample_metrics)


@pytest.mark.parametrize("power", ["e3", "e-3", " × 10^3", r" \cdot 10^{-3}"])
def test_a_number_beyond_all_floats_with_a_power_of_ten_scores_the_worst(power):
    scores = check(scorers.get("numeric"), "The answer is " + "1" * 400 + power, "5")
    assert set(scores.values()) == {0}


HOSTILE = {
    "brackets": "[",
    "objects": '{"a":',
    "fences": "```json\n",
    "markers": "Answer: ",
    "quotes": '"',
    "keys": "a: ",
    "stars": "*",
    "signs": "1+",
    "ones": "1 ",
    "lines": "\n",
    "words": "I cannot but ",
    "announcements": "the answer is ",
    "boxes": "\\boxed{1} ",
    "open boxes": "\\boxed{",
    "tags": "<answer>",
    "characters": "答案",
    "fractions": "\\frac{1}{2}",
    "vulgar fractions": "½",
}


@pytest.mark.parametrize("name", sorted(BUILT_IN))
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)  # scorers read a text together
def test_the_longest_outputs_that_are_read_take_bounded_time(name, text):
    scorer = scorers.get(name, **NEEDED.get(name, {}))
    output = (text * (MAX_OUTPUT_CHARS // len(text)))[:MAX_OUTPUT_CHARS]
    started = process_time()
    check(scorer, output, '{"a": 1}', {"secret": "amber falcon"})
    assert process_time() - started < 5


@pytest.mark.parametrize(
    "text", ["(", "( ", "because 7 ", "Check: 7. ", "1: 12+12", "(12 ab) ", "7, since ", "2x + "]
)
def test_numbers_among_explanations_without_end_are_read_in_time(text):
    output = (text * (MAX_OUTPUT_CHARS // len(text)))[:MAX_OUTPUT_CHARS]
    scores = check(scorers.get("numeric"), output, "99")
    assert scores == {"numeric": 0, "numeric_lenient": 0}


@pytest.mark.parametrize("name", ["numeric", "multiple_choice"])
@pytest.mark.parametrize(
    "text", ["5, not 3 people ", "C (but D is ", "C, I agree ", "not \\boxed{1} ", " \n", "A ✗ B "]
)
def test_contrasts_and_asides_without_end_are_read_in_time(name, text):
    """A search that is quadratic in one of them would take minutes."""
    output = (text * (MAX_OUTPUT_CHARS // len(text)))[:MAX_OUTPUT_CHARS]
    assert set(check(scorers.get(name), output, "B" if name != "numeric" else "99").values()) == {0}
