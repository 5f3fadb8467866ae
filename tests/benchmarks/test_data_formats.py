"""The examiner of data formats: what it holds to be right, and that it sees what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data_formats.__main__ import run_forms
from benchmarks.data_formats.forms import FORMS, Form
from benchmarks.data_formats.forms.texts import QA
from benchmarks.data_formats.judged import Line, judge
from benchmarks.data_formats.meant import answer, pair, refused, silent, talk, trained, user
from benchmarks.data_formats.models import FAMILIES, base_folder
from benchmarks.data_formats.rendered import Renderer
from benchmarks.data_formats.trained import Result, train_on

FAST = (
    "messages (embedded)",
    "sharegpt (embedded)",
    "text (embedded)",
    "kto (embedded)",
    "preference (embedded)",
    "preference-orpo (gemma)",
    "capybara",
    "cut-line",
)
"""Forms of each kind."""

FEW = ("messages (embedded)", "kto (embedded)", "cut-line")
"""Conversations, preferences, and a file that is broken."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("bases")


@pytest.fixture(scope="module")
def renderer(bases) -> Callable[[str], Renderer]:
    from transformers import AutoTokenizer

    def make(base: str) -> Renderer:
        tokenizer = AutoTokenizer.from_pretrained(base_folder(base, bases))
        return Renderer(tokenizer, FAMILIES[base])

    return make


class TestForms:
    def test_there_are_many_and_each_says_what_it_is(self):
        assert len({form.name.split(" ")[0] for form in FORMS.values()}) >= 90
        assert all(form.what and form.reference and form.allowed for form in FORMS.values())

    @pytest.mark.parametrize("names", [FEW, pytest.param(FAST, marks=pytest.mark.slow)])
    def test_those_of_each_kind_reach_their_targets(self, tmp_path, names):
        lines = list(run_forms([FORMS[name] for name in names], tmp_path))
        assert {line.form.name: line.misses for line in lines} == dict.fromkeys(names, ())


class TestRenderer:
    @pytest.mark.parametrize("base", ["embedded", "chatml", "llama", "gemma", "mistral"])
    def test_an_answer_and_what_ends_it_carry_loss(self, base, renderer):
        one = renderer(base)
        row = talk(user("Who?"), silent("No."), user("Who?"), answer("Mars."))
        ((seen, learnt),) = one.lessons(row)
        assert one.tokenizer.decode(learnt).split("\n")[-1].strip() == f"Mars.{one.family.end}"
        shown = one.tokenizer.decode(seen)
        assert shown.count("Who?") == 2
        assert "No." in shown
        if one.family.bos:
            assert seen.count(one.tokenizer.bos_token_id) == 1

    def test_thinking_is_learnt_where_the_template_drops_it_later(self, renderer):
        one = renderer("chatml")
        turns = [user("A?"), answer("B.", reasoning_content="C."), user("D?"), answer("E.")]
        lessons = [
            (one.tokenizer.decode(seen), one.tokenizer.decode(learnt))
            for seen, learnt in one.lessons(talk(*turns))
        ]
        assert lessons[0][1] == "<think>\nC.\n</think>\n\nB.<|im_end|>"
        assert "C." not in lessons[1][0]

    def test_a_preference_is_split_where_its_answers_begin(self, renderer):
        one = renderer("gemma")
        ((prompt, *answers),) = one.lessons(pair("Who?", "Mars.", "Venus."))
        assert one.tokenizer.decode(prompt).endswith("<start_of_turn>model\n")
        told = [one.tokenizer.decode(ids) for ids in answers]
        assert told == ["Mars.<end_of_turn>", "Venus.<end_of_turn>"]


def _without(key: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(key.encode(), b"")


class TestReadersThatLoseSomething:
    @pytest.mark.parametrize(
        ("name", "lose"),
        [
            ("weight-0 (embedded)", _without(', "weight": 0')),
            ("messages (embedded)", lambda content: content.split(b"\n", 1)[1]),
            ("system-turn (embedded)", _without('{"role": "system", "content": "Be brief."}, ')),
            (
                "preference (embedded)",
                lambda c: (
                    c.replace(b"chosen", b"x")
                    .replace(b"rejected", b"chosen")
                    .replace(b'"x"', b'"rejected"')
                ),
            ),
            ("kto (embedded)", lambda content: content.replace(b"true", b"false", 1)),
            ("metadata", _without('"source": "crm", ')),
            ("weight-of-a-half", lambda c: re.sub(rb', "weight": 0(\.5)?', b"", c)),
        ],
    )
    def test_they_are_false_successes(self, name, lose, tmp_path):
        form = FORMS[name]
        lost = {file: lose(content) for file, content in form.files.items()}
        (line,) = run_forms([replace(form, files=lost)], tmp_path)
        assert lost != form.files
        assert line.result.code == 0, line.result.output
        assert line.false_success

    def test_an_end_without_loss_is_seen(self, tmp_path, monkeypatch):
        from evalguard.training.tokens import encode

        def endless(*arguments: Any, **options: Any) -> Any:
            sequences = encode(*arguments, **options)
            for sequence in sequences:
                sequence.labels[-1] = -100
            return sequences

        monkeypatch.setattr("evalguard.training.trainers.encode", endless)
        (line,) = run_forms([FORMS["messages (embedded)"]], tmp_path)
        assert line.false_success
        assert "4 of 4 not trained as meant" in line.misses[0].text


class TestJudge:
    FORM = FORMS["messages (embedded)"]
    SAID = "error: rows.jsonl:2: weight is 0.5; give 0 or 1"

    def line(self, result: Result, *allowed: Any) -> Line:
        one: Form = replace(self.FORM, allowed=allowed)
        return judge(one, result, Renderer(None, FAMILIES["embedded"]))

    @pytest.mark.parametrize(
        ("code", "output", "miss"),
        [
            (4, SAID, ""),
            (3, SAID, "exit code 3"),
            (0, "", "as if nothing were wrong"),
            (4, "error: weight is 0.5 in row 2", "does not name rows.jsonl"),
            (4, "error: rows.jsonl: weight is 0.5", "does not name row 2"),
            (4, "error: rows.jsonl:2: no", "lacks 'weight'"),
            (4, SAID + "\n  rows.jsonl:3: weight" * 2, "told 2 times"),
            (4, SAID + "".join(f"\n  {letter}" for letter in "abcdefghijkl"), "in 13 lines"),
            (3, SAID + "\nTraceback (most recent call last)\nKeyError: 1", "traceback: KeyError"),
        ],
    )
    def test_an_error_names_its_place_and_cause_once(self, code, output, miss):
        line = self.line(Result(code, output), refused("weight", row=2))
        assert [miss in found.text for found in line.misses] == [True] * bool(miss)
        assert line.false_success == (code == 0)

    @pytest.mark.parametrize(
        ("output", "miss"),
        [
            ("rows.jsonl: ignored: id (4 rows)", ""),
            ("", "column 'id' vanished"),
            ("rows.jsonl: ignored: idea (4 rows)", "column 'id' vanished"),
            ("rows.jsonl: ignored: id", "without its 4 rows"),
            ("ignored: id (4 rows)\nignored: id (4 rows)", "named 2 times"),
        ],
    )
    def test_an_ignored_column_is_named_once_with_its_rows(self, output, miss):
        line = self.line(Result(0, output), trained(ignored={"id": 4}))
        assert [miss in found.text for found in line.misses] == [True] * bool(miss)

    def test_the_nearest_outcome_counts(self):
        result = Result(4, self.SAID)
        assert not self.line(result, trained(), refused("weight")).misses


def test_what_reaches_the_model_is_what_is_kept(tmp_path, bases, renderer):
    result = train_on(FORMS["messages (embedded)"], tmp_path / "rows", bases=bases)
    one = renderer("embedded")
    learnt = sorted(one.tokenizer.decode(lesson[1]) for lesson in result.lessons)
    assert learnt == sorted(f"{a}<|end|>" for _, a in QA)
    assert result.record["rows"] == len(QA)
