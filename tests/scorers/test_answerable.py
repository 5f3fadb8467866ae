"""A target that no answer can match is found before a model is asked."""

import re
from dataclasses import replace

import pytest

from evalguard import scorers
from evalguard.errors import DataError, ModelError
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.answerable import corpus_problem, row_problem
from evalguard.scorers.binding import CorpusMetric
from evalguard.scorers.cuts import length_problem
from tests.scorers.sandbox import with_sandbox

COLOURS = {"choices": ["red", "green", "blue"]}
LABELS = {"labels": ["hardware", "billing", "no answer"]}
BETWEEN = {"exclusiveMinimum": 3, "exclusiveMaximum": 4}
MULTIPLE = {"type": "integer", "multipleOf": 7}
TWO_FIELDS = {"type": "object", "required": ["a", "b"]}
CLOSED = {"type": "object", "required": ["a"], "additionalProperties": False}
REFERRED = {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "string", "const": 1}}}
CHAIN = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/a"}}}
CODE = with_sandbox({"allow_code_execution": True})
UNITTEST = """from unittest import TestCase, main
class T(TestCase):
    def test(self):
        self.assertEqual(f(1), 2)
"""
IF_MAIN = 'if __name__ == "__main__":\n'


def problem(name, target, row=None, *, stop=(), **options):
    return row_problem(scorers.get(name, **options), target, row or {}, stop=stop)


@pytest.mark.parametrize(
    ("name", "target", "row", "options", "reason"),
    [
        # The letter of a choice.
        ("multiple_choice", "D", COLOURS, {}, "'D' is not a choice of this row; possible: A, B, C"),
        ("multiple_choice", "0", COLOURS, {}, "is a number, where the letter"),
        ("multiple_choice", "-1", COLOURS, {}, "is a number, where the letter"),
        ("multiple_choice", "2.0", COLOURS, {}, "is a number, where the letter"),
        ("multiple_choice", "Green.", COLOURS, {}, "is the text of choice B, where its letter"),
        ("multiple_choice", "B) green", COLOURS, {}, "not a choice of this row; possible: A, B, C"),
        ("multiple_choice", "AB", COLOURS, {}, "not a choice of this row"),
        ("multiple_choice", "", COLOURS, {}, "is empty; possible: A, B, C"),
        ("multiple_choice", "()", COLOURS, {}, "is empty"),
        (
            "multiple_choice",
            "yes",
            {},
            {},
            "is not the letter of a choice; possible: a letter from A",
        ),
        ("multiple_choice", "?", {}, {}, "is not the letter of a choice"),
        ("multiple_choice", "C", {"options": ["x", "y"]}, {"choices": "options"}, "A, B"),
        ("multiple_choice", "None", COLOURS, {}, "'None' is not a choice"),
        ("multiple_choice", "D", {"choices": "['a','b']"}, {}, "a JSON list, such as"),
        ("multiple_choice", "A", {"choices": "a|b"}, {}, "which CSV cannot hold: use JSONL"),
        ("multiple_choice", "D", {"choices": {"text": ["a"], "label": ["A"]}}, {}, "choices.text"),
        ("multiple_choice", "A", {"choices": []}, {}, "column 'choices' has no choices"),
        ("multiple_choice", "A", {"choices": None}, {}, "column 'choices' holds null"),
        ("multiple_choice", "A", {"choices": [{"text": "a"}]}, {}, "must be a list of texts"),
        ("multiple_choice", "A", {"choices": [None, "b"]}, {}, "must be a list of texts"),
        ("multiple_choice", "A", {}, {"choices": "options"}, "column 'options' is missing"),
        # A label.
        ("label", "hardware/billing", {}, LABELS, "the scorer label_set reads such targets"),
        ("label", '["hardware", "no answer"]', {}, LABELS, "names several of them"),
        ("label", "hardware and billing", {}, LABELS, "names several of them"),
        ("label", "billings", {}, LABELS, "possible: hardware, billing, no answer. Did you mean"),
        ("label", "4", {}, LABELS, "'4' is not among the labels"),
        ("label", "", {}, LABELS, "not among the labels"),
        ("label", "hardware, billing", {}, LABELS, "not among the labels"),
        ("label", " . ", {}, {}, "is empty"),
        # A number.
        ("numeric", "seven", {}, {}, "'seven' holds no number"),
        ("numeric", "", {}, {}, "holds no number"),
        ("numeric", "nan", {}, {}, "holds no number"),
        ("numeric", "n/a", {}, {}, "holds no number"),
        ("numeric", "12-15", {}, {}, "'12-15' is not one number; write one, such as"),
        ("numeric", "3 or 4", {}, {}, "is not one number"),
        ("numeric", "between 3 and 5 km", {}, {}, "is not one number"),
        ("numeric", "3, 4", {}, {}, "is not one number"),
        ("numeric", "Answer: 3 or 4", {}, {}, "is not one number"),
        ("numeric", "7 * 6 = 42 and 6 * 6 = 36", {}, {}, "is not one number"),
        # JSON.
        (
            "json_fields",
            "{'a': 1}",
            {},
            {},
            "is not a JSON object; write one, such as {{ column | to",
        ),
        ("json_fields", "[1]", {}, {}, "is not a JSON object"),
        ("json_fields", "{}", {}, {}, "has no field"),
        ("json_fields", '{"a": NaN}', {}, {}, "is not a JSON object"),
        ("json_fields", '{"a": 1}', {}, {"fields": ["b"]}, "has the fields a and none that is"),
        ("json_schema", "", {}, {}, "column 'schema' is missing"),
        ("json_schema", "", {"schema": None}, {}, "column 'schema' holds null"),
        ("json_schema", "", {"schema": {"type": "objct"}}, {}, "not a JSON schema: $.type"),
        ("json_schema", "", {"schema": {"pattern": "a{99999999999}"}}, {}, "cannot be compiled"),
        ("json_schema", "", {"schema": {"enum": []}}, {}, "no value fits this schema"),
        ("json_schema", "", {"schema": {"type": "integer", "enum": ["1"]}}, {}, "no value fits"),
        ("json_schema", "", {"schema": {"not": {}}}, {}, "no value fits"),
        ("json_schema", "", {"schema": {"anyOf": [{"enum": []}, False]}}, {}, "no value fits"),
        ("json_schema", "", {"schema": CLOSED}, {}, "no value fits"),
        ("json_schema", "", {"schema": REFERRED}, {}, "no value fits"),
        ("json_schema", "", {"schema": BETWEEN | {"type": "integer"}}, {}, "no value fits"),
        (
            "json_schema",
            "",
            {"schema": {"type": "integer", "minimum": 3.2, "maximum": 3.9}},
            {},
            "no value",
        ),
        (
            "json_schema",
            "",
            {"schema": {"type": "number", "minimum": 3, "exclusiveMaximum": 3}},
            {},
            "no value",
        ),
        (
            "json_schema",
            "",
            {"schema": MULTIPLE | {"minimum": 8, "maximum": 13}},
            {},
            "no value fits",
        ),
        ("json_schema", "", {"schema": TWO_FIELDS | {"maxProperties": 1}}, {}, "no value fits"),
        ("json_schema", "", {}, {"schema": {"enum": []}}, "option 'schema': no value fits"),
        ("json_schema", "", {"s": {"$ref": "http://a/b"}}, {"column": "s"}, "http://a/b"),
        # Text.
        ("exact_match", "", {}, {}, "'' is empty; write the expected answer"),
        ("exact_match", " \n", {}, {}, "is empty"),
        ("exact_match", "\u200b\ufeff", {}, {}, r"'\u200b\ufeff' is empty"),
        ("exact_match", "a", {"also": None}, {"aliases": "also"}, "column 'also' holds null"),
        ("exact_match", "a", {"also": ["b", 3]}, {"aliases": "also"}, 'holds ["b", 3]'),
        ("contains", ".", {}, {}, "is empty"),
        ("contains", "a", {}, {"aliases": "also"}, "column 'also' is missing"),
        ("token_f1", " ", {}, {}, "is empty"),
        ("rouge_l", ".", {}, {}, "is empty"),
        ("bleu", "", {}, {}, "is empty"),
        ("chrf", "", {}, {}, "is empty"),
        # Code.
        ("unit_tests", "assert f(1", {}, CODE, "is not valid Python: '(' was never closed"),
        ("unit_tests", "", {}, CODE, "tests nothing"),
        ("unit_tests", "def check(f):\n    assert f(1) == 1", {}, CODE, "call the function that"),
        ("unit_tests", "import math\n'''none'''", {}, CODE, "tests nothing"),
        ("unit_tests", "True", {}, CODE, "tests nothing"),
        ("unit_tests", "print(f(1))", {}, CODE, "tests nothing"),
        ("unit_tests", "r = f(1)\nr.x[0]", {}, CODE, "tests nothing"),
        ("unit_tests", "assert (f(1) == 2, 'two')", {}, CODE, "tests nothing"),
        ("unit_tests", "assert True", {}, CODE, "tests nothing"),
        ("unit_tests", "def t():\n    print(f(1))\nt()", {}, CODE, "tests nothing"),
        ("unit_tests", "try:\n    assert f(1)\nexcept Exception:\n    pass", {}, CODE, "nothing"),
        ("unit_tests", "import unittest\nunittest.main()", {}, CODE, "tests nothing"),
        ("unit_tests", UNITTEST, {}, CODE, "tests nothing"),
        (
            "unit_tests",
            f"{UNITTEST}T().test(); import sys; sys.exit(0)",
            {},
            CODE,
            "fails whatever",
        ),
        ("unit_tests", f"{UNITTEST}{IF_MAIN}    exit()", {}, CODE, "fails whatever"),
        ("unit_tests", "assert f(1)\nassert False", {}, CODE, "fails whatever"),
        ("unit_tests", "import tempfile\nassert f(tempfile.mkdtemp())", {}, CODE, "writes files"),
        ("unit_tests", "open('a', mode='w')\nassert f('a')", {}, CODE, "writes files, which"),
        # A pattern.
        ("regex", "", {}, {"pattern": "a$b"}, "no text matches 'a$b'; correct it"),
        ("regex", "", {}, {"pattern": "(?!)"}, "no text matches"),
        ("regex", "", {}, {"pattern": r"\d+\b\d"}, "no text matches"),
        ("regex", "", {}, {"pattern": "yes ", "whole": True}, "no text matches"),
        ("regex", "", {}, {"pattern": ".*"}, "every text matches '.*', the empty one included"),
        ("regex", "", {}, {"pattern": ""}, "every text matches"),
        ("regex", "", {}, {"pattern": "(yes)?$"}, "every text matches"),
        ("regex", "", {}, {"pattern": "(?s)^.*$", "whole": True}, "every text matches"),
        ("json_schema", "", {"schema": {"type": "string", "pattern": "a^"}}, {}, "no value fits"),
        # Words.
        ("token_f1", "?!", {}, {}, "'?!' is punctuation alone; write the words"),
        ("rouge_l", "— …", {}, {}, "punctuation alone"),
        ("bleu", "...", {}, {}, "punctuation alone"),
        ("chrf", "«»", {}, {}, "punctuation alone"),
        # What else a row must hold.
        ("withheld", "", {"secret": None}, {}, "column 'secret' holds null; it must be a text"),
        ("withheld", "", {"secret": "?!"}, {}, "column 'secret' holds '?!'"),
        ("withheld", "", {}, {"column": "key"}, "column 'key' is missing"),
        ("constraints", "", {}, {}, "column 'constraints' is missing"),
        ("constraints", "", {"constraints": ["max_words"]}, {}, "must be a mapping"),
        ("constraints", "", {"constraints": {"max_wods": 3}}, {}, "Did you mean 'max_words'?"),
        ("constraints", "", {}, {"require": {"min_words": 5, "max_words": 3}}, "5 is more than"),
        *(
            ("constraints", "", {}, {"require": {name: value, "max_words": 3}}, "max_words is 3")
            for name, value in [
                *(("min_sentences", 4), ("paragraphs", 5), ("list_items", 2)),
                ("include", ["red", "one two three four"]),
            ]
        ),
        *(
            ("json_schema", "", {}, {"schema": schema}, "no value fits this schema")
            for schema in [
                *({"const": "a", "pattern": "^b"}, {"enum": ["a", "c"], "pattern": "b"}),
                *({"const": [1], "minItems": 2}, {"const": [1, 1], "uniqueItems": True}),
                {"enum": [{}, {"b": 1}], "required": ["a"]},
            ]
        ),
        *(
            (name, f"<think>2 + 2</think>{answer}", {}, {}, "as the thinking in it is removed")
            for name, answer in [
                *(("exact_match", "four"), ("contains", "four"), ("token_f1", "is 4")),
                *(("rouge_l", "four cats"), ("chrf", "four")),
            ]
        ),
        ("exact_match", "[THINK]2 + 2[/THINK]\n4", {}, {}, "as the thinking in it is removed"),
        ("exact_match", "<|channel|>analysis<|message|>4", {}, {}, "as the thinking in it is"),
        (
            "constraints",
            "",
            {"constraints": {"include": "a red fox", "exclude": ["fox"]}},
            {},
            "include asks for 'a red fox', and exclude forbids 'fox'",
        ),
        (
            "constraints",
            "",
            {"constraints": {"ends_with": "Bye", "letters": "upper"}},
            {},
            "ends_with 'Bye' is not in upper case",
        ),
    ],
)
def test_what_no_answer_can_match_is_named_with_what_is_possible(
    name, target, row, options, reason
):
    found = problem(name, target, row, **options)
    assert found is not None
    assert reason in found[1]
    assert found[0] == (
        "target" if "column '" not in found[1] and name != "json_schema" else ""
    ) or name in {"constraints", "regex"}


@pytest.mark.parametrize(
    ("name", "target", "row", "options"),
    [
        ("multiple_choice", "C", COLOURS, {}),
        ("multiple_choice", " (b). ", COLOURS, {}),
        ("multiple_choice", "E", {}, {}),
        ("label", "Hardware.", {}, LABELS),
        ("label", "anything", {}, {}),
        ("numeric", "7 * 6 = 42\n#### 42", {}, {}),
        ("numeric", "42 km", {}, {}),
        ("numeric", "6 and 7 make \\boxed{42}", {}, {}),
        ("numeric", "Answer: 42", {}, {}),
        ("numeric", "12.5", {}, {"decimal": ","}),
        ("multiple_choice", "B", {"choices": [1, 2.5]}, {}),
        ("json_schema", "", {"schema": CHAIN | {"$defs": {"a": {"$ref": "#/$defs/a"}}}}, {}),
        ("json_schema", "", {"schema": {"enum": [1, "a"], "type": "integer"}}, {}),
        ("json_schema", "", {"schema": {"anyOf": [False, {"type": "null"}]}}, {}),
        ("json_schema", "", {"schema": {"minLength": 5, "maxLength": 3}}, {}),
        ("json_schema", "", {"schema": BETWEEN | {"type": "number"}}, {}),
        ("json_schema", "", {"schema": {"type": "integer", "minimum": 3, "maximum": 3}}, {}),
        ("json_schema", "", {"schema": MULTIPLE | {"minimum": 8, "maximum": 14}}, {}),
        ("json_schema", "", {"schema": TWO_FIELDS | {"maxProperties": 2}}, {}),
        ("exact_match", "a", {"also": ""}, {"aliases": "also"}),
        ("unit_tests", "if f(1) != 2:\n    raise ValueError", {}, CODE),
        (
            "unit_tests",
            "from math import *\nimport numpy as n\nn.testing.assert_equal(f(1), 2)",
            {},
            CODE,
        ),
        ("unit_tests", "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass", {}, CODE),
        ("unit_tests", "def t():\n    assert f(1)\nfor one in (t,):\n    one()", {}, CODE),
        ("unit_tests", "assert f(open('/dev/null').read()) == open('/dev/null', 'r')", {}, CODE),
        ("unit_tests", "import tempfile\nassert f(1)", {}, CODE | {"sandbox": "none"}),
        ("json_fields", '{"a": {"b": []}}', {}, {}),
        ("json_fields", '{"a": 1, "b": null}', {}, {"fields": ["b", "c"]}),
        ("json_schema", "", {"schema": {"type": "object"}}, {}),
        ("json_schema", "{}", {}, {"schema": {"type": "array"}}),
        ("exact_match", "**Paris**", {}, {}),
        ("exact_match", "a\nb", {"also": "c"}, {"aliases": "also"}),
        ("contains", "C++", {}, {}),
        ("token_f1", "the", {}, {}),
        ("rouge_l", "दिल", {}, {}),
        ("bleu", "ok", {}, {}),
        ("chrf", "北京", {}, {}),
        ("unit_tests", "assert f(1) == 2", {}, CODE),
        ("unit_tests", "def check(f):\n    assert f(1)\ncheck(f)", {}, CODE),
        ("unit_tests", "for n in (1, 2):\n    assert f(n)", {}, CODE),
        ("withheld", "", {"secret": "amber-42"}, {}),
        ("constraints", "", {"constraints": {"min_words": 3, "max_words": 3}}, {}),
        ("constraints", "", {"constraints": {"min_sentences": 3, "max_words": 3}}, {}),
        ("constraints", "", {"constraints": {"list_items": 2, "max_words": 4}}, {}),
        ("json_schema", "", {}, {"schema": {"enum": ["a", "bc"], "pattern": "^b"}}),
        ("exact_match", "Write <think> first.", {}, {}),
        ("exact_match", "<think>2 + 2</think>four", {"also": ["four"]}, {"aliases": "also"}),
        ("refusal", "", {}, {}),
        ("json_valid", "", {}, {}),
        ("regex", "", {}, {"pattern": "x"}),
        ("regex", "", {}, {"pattern": ".+"}),
        ("regex", "", {}, {"pattern": ".*", "whole": True}),
        ("regex", "", {}, {"pattern": "^x*$"}),
        ("regex", "", {}, {"pattern": r"(?:a{e<=1})$b"}),
        ("token_f1", "!=", {}, {}),
        ("rouge_l", "→", {}, {}),
        ("unit_tests", f"{UNITTEST}main()", {}, CODE),
        ("unit_tests", f"{UNITTEST}{IF_MAIN}    main(verbosity=2)", {}, CODE),
        ("unit_tests", f"{UNITTEST}def run():\n    main(exit=False)\nrun()", {}, CODE),
        ("unit_tests", f"import unittest as u\n{UNITTEST}u.main()", {}, CODE),
    ],
)
def test_what_an_answer_can_match_passes(name, target, row, options):
    assert problem(name, target, row, **options) is None


@pytest.mark.parametrize(
    ("schema", "other", "answer"),
    [
        ({"const": 1}, {"const": True}, "1"),
        ({"const": 0}, {"const": False}, "0"),
        ({"enum": [[1]]}, {"enum": [[True]]}, "[1]"),
        ({"type": "object"}, {"type": "array"}, "{}"),
        ({"properties": {"a": {"const": ""}}}, {"properties": {"a": {"const": None}}}, '{"a": ""}'),
    ],
)
def test_rows_share_the_check_of_a_schema_only_where_it_is_the_same(schema, other, answer):
    scorer = scorers.get("json_schema")
    for _ in range(2):
        for one, right in ((schema, 1.0), (other, 0.0)):
            assert scorer.score(answer, "", {"schema": one})["json_schema"] == right
    assert problem("json_schema", "", {"schema": other}) is None
    for _ in range(2):
        found = problem("json_schema", "", {"schema": {**schema, "type": "objct"}})
        assert found is not None
        assert "not a JSON schema" in found[1]


def test_an_answer_that_a_stop_text_cuts_cannot_win():
    key, reason = problem("exact_match", "Dr. Who\nEND", stop=["NED", "END"]) or ("", "")
    assert (key, problem("exact_match", "Dr. Who", stop=["\n"])) == ("target", None)
    assert "'Dr. Who\\nEND' given as the answer scores exact_match_lenient 0" in reason
    assert "as the stop string 'END' cuts it" in reason
    assert problem("json_fields", '{"a": 1}', stop=["}"]) is not None
    assert problem("contains", "Paris.", stop=["."]) is None, "nothing that counts is cut"


@pytest.mark.parametrize(
    ("name", "target", "stop", "row", "options"),
    [
        ("numeric", "12.5", ".", {}, {}),
        ("numeric", "1,234", ",", {}, {}),
        ("numeric", "so \\boxed{4.5}", ".", {}, {}),
        ("numeric", "-3", "-", {}, {}),
        ("contains", "New York", " ", {}, {}),
        ("label", "not spam", " ", {}, {"labels": ["spam", "not spam"]}),
        ("exact_match", "a\nb", "\n", {}, {}),
        ("bleu", "a red fox ran home", " ran", {}, {}),
        ("multiple_choice", "B", "B", COLOURS, {}),
        ("json_fields", '{"a": 1, "b": 2}', " ", {}, {}),
        ("json_schema", "", "}", {"schema": {"type": "object"}}, {}),
        ("json_schema", "", '"', {"schema": {"type": "object", "required": ["a"]}}, {}),
        ("unit_tests", "assert add_one(1) == 2", "_", {}, CODE),
        ("unit_tests", "def check(g):\n    assert g(1)\ncheck(area)", "area", {}, CODE),
        ("unit_tests", "assert f(1) == 2", "\n", {}, CODE),
        ("regex", "", ":", {}, {"pattern": r"Answer: \d+"}),
        ("regex", "", "\n\n", {}, {"pattern": r"(?s)^a.*\n\s*\n\n+b"}),
        ("regex", "", "{", {}, {"pattern": r"\{.*\}", "whole": True}),
        ("constraints", "", "\n", {}, {"require": {"list_items": 3}}),
        ("constraints", "", "\n", {"constraints": {"paragraphs": 2}}, {}),
        ("constraints", "", "!", {}, {"require": {"ends_with": "Bye!"}}),
        ("exact_match", "a\nb", "\n", {"also": ["c\nd", "e\n\nf"]}, {"aliases": "also"}),
    ],
)
def test_a_stop_text_within_the_right_answer_is_refused(name, target, stop, row, options):
    key, reason = problem(name, target, row, stop=["###", stop], **options) or ("", "")
    assert key == "target"
    assert "stop string" in reason
    assert problem(name, target, row, stop=["###"], **options) is None


@pytest.mark.parametrize(
    ("name", "target", "stop", "row", "options"),
    [
        ("numeric", "7 * 6 = 42\n#### 42", "\n", {}, {}),
        ("numeric", "42", "\n", {}, {}),
        ("exact_match", " Paris\n", "\n", {}, {}),
        ("json_schema", "", "\n", {"schema": {"type": "object"}}, {}),
        ("unit_tests", "assert f(1) == 2", "\ndef", {}, CODE),
        ("unit_tests", "assert f(1) == 2", "```", {}, CODE),
        ("withheld", "", " ", {"secret": "amber 42"}, {}),
        ("regex", "", ":", {}, {"pattern": r"Answer:? \d+"}),
        ("regex", "", "\n", {}, {"pattern": r"(?s)a.*b"}),
        ("regex", "", "x", {}, {"pattern": r"(\w+) \1"}),
        ("json_valid", "", "}", {}, {}),
        ("constraints", "", "\n", {}, {"require": {"paragraphs": 1, "include": "a"}}),
        ("exact_match", "a\nb", "\n", {"also": ["c\nd", "e"]}, {"aliases": "also"}),
    ],
)
def test_a_stop_text_that_leaves_a_right_answer_is_none_to_refuse(name, target, stop, row, options):
    assert problem(name, target, row, stop=[stop], **options) is None


def test_stop_texts_that_end_every_json_text():
    found = problem("json_valid", "", stop=["}", "###", "["])
    assert found == ("target", "the stop strings '}' and '[' cut every JSON object and array")
    assert problem("json_valid", "", stop=["}\n", "]"]) is None


def words(text):
    return len(text.split()) + 2  # what marks the beginning and the end


@pytest.mark.parametrize(
    ("name", "target", "row", "options"),
    [
        ("exact_match", "a long word " * 3, {}, {}),
        ("contains", "a long word " * 3, {}, {}),
        ("exact_match", "a long word " * 3, {"also": ["other words " * 5]}, {"aliases": "also"}),
        ("json_fields", '{"a": "one two three four five six seven eight nine"}', {}, {}),
    ],
)
def test_a_target_longer_than_any_answer_is_refused(name, target, row, options):
    scorer = scorers.get(name, **options)
    reason = length_problem(scorer, target, row, limit=4, count=words)
    assert reason is not None
    assert re.search(r"takes at least \d+ tokens as an answer, and max_new_tokens allows 4", reason)
    assert length_problem(scorer, target, row, limit=5, count=words) is None
    assert length_problem(scorer, target, row, limit=4, count=None) is None, "it cannot be counted"


def test_a_target_of_more_characters_than_any_tokens_have():
    scorer = scorers.get("contains")
    assert length_problem(scorer, "a long word " * 300, {}, limit=4, count=None) is not None
    assert length_problem(scorer, "a long word " * 150, {}, limit=4, count=None) is None


@pytest.mark.parametrize(
    ("name", "target", "row", "options"),
    [
        ("exact_match", "a long word " * 3, {"also": "a word"}, {"aliases": "also"}),
        ("numeric", "so many words come before it that the number is all: 42", {}, {}),
        ("json_fields", '{"a": 1, ' + '"b" : 2,   ' * 9 + '"c": 3}', {}, {}),
        ("json_fields", '{"a": "one two three four five six seven nine"}', {}, {"fields": ["b"]}),
        ("rouge_l", "a long word " * 3, {}, {}),
        ("unit_tests", "assert f(1) == 2 and f(2) == 3 and f(3) == 4", {}, CODE),
    ],
)
def test_a_long_target_that_a_short_answer_can_match_is_none_to_refuse(name, target, row, options):
    scorer = scorers.get(name, **options)
    assert length_problem(scorer, target, row, limit=4, count=words) is None


def test_a_tokenizer_that_is_not_to_be_had_measures_nothing():
    def count(text):
        raise ModelError("the server keeps its tokenizer to itself")

    scorer = scorers.get("exact_match")
    assert length_problem(scorer, "a word " * 50, {}, limit=4, count=count) is None


def test_targets_that_score_nothing_as_a_set():
    row: dict[str, str] = {}
    short, long = ("red fox", row), ("the cat sat on the mat", row)
    four_words = CorpusMetric(
        Metric("four_words", ScoreKind.CORPUS),
        lambda output, _target, _row, **_: {"n": float(len(output.split()) >= 4)},
        lambda totals: min(totals["n"], 1.0),
    )
    exact = scorers.get("exact_match")
    scorer = replace(exact, corpus_metrics={"four_words": four_words})
    reason = corpus_problem(scorer, [short])
    assert "score four_words 0, where right ones must score 1" in (reason or "")
    assert corpus_problem(scorer, [*[short] * 300, long]) is None
    assert corpus_problem(replace(scorer, target_is_answer=False), [short]) is None
    assert corpus_problem(scorers.get("bleu"), [long]) is None
    assert corpus_problem(scorers.get("label"), [("a", row), ("b", row)]) is None
    assert corpus_problem(scorers.get("refusal"), [("", row)]) is None


@pytest.mark.usefixtures("fresh_registry")
def test_a_scorer_of_ones_own_says_how_its_targets_must_look():
    def even(target, row, *, step=2):
        return None if int(target) % step == 0 else f"{target} is odd; write an even number"

    @scorers.scorer(name="even", check_target=even)
    def function(output: str, target: str, *, step: int = 2) -> bool:
        return output == target

    assert problem("even", "4") is None
    assert problem("even", "3") == ("target", "3 is odd; write an even number")
    assert problem("even", "3", step=3) is None
    with pytest.raises(DataError, match=r"scorer 'even': its check of the target 'x' raised Value"):
        problem("even", "x")


@pytest.mark.usefixtures("fresh_registry")
def test_a_scorer_of_ones_own_whose_targets_are_answers():
    @scorers.scorer(name="shouted", target_is_answer=True)
    def function(output: str, target: str) -> bool:
        return output == target and output.isupper()

    @scorers.scorer(name="distance", kind="bounded", higher_is_better=False, target_is_answer=True)
    def other(output: str, target: str) -> float:
        return abs(len(output) - len(target)) / 100

    assert problem("shouted", "YES") is None
    assert problem("distance", "YES") is None, "0 is the best where lower is better"
    _, reason = problem("shouted", "yes") or ("", "")
    assert reason == "'yes' given as the answer scores shouted 0; the right answer must score 1"
