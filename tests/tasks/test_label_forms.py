"""Files of labels as other projects write them, and as teams do."""

import json

import pytest

from evalguard.errors import DataError
from evalguard.tasks.kinds.judge import JudgeTask
from evalguard.tasks.kinds.preference import Preference
from evalguard.tasks.label_hints import Wanted, hint
from evalguard.tasks.label_values import LabelReading
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.scales import Scale


@pytest.fixture
def read(tmp_path):
    """Read a file of labels for a task."""

    def labelled(rows, task=Preference, **reading):
        name = "labels.json"
        if isinstance(rows, str):
            name = "labels.csv"
            (tmp_path / name).write_text(rows)
        else:
            (tmp_path / name).write_text(json.dumps(rows))
        prompts = PromptRows("here", tmp_path / name, prompt="Q: {{ q }}")
        judged = task(
            "s",
            "t",
            rows=prompts,
            labelled=prompts,
            criterion="good",
            reading=LabelReading(**reading),
        )
        return judged.labelled(None)

    return labelled


def labels(found):
    return [item.label for item in found.items]


def alpaca(preference, n=0, **more):
    row = {"instruction": f"Do {n}.", "output_1": f"one {n}", "output_2": f"two {n}"}
    row |= {"generator_1": "g1", "generator_2": "g2", "annotator": "people"}
    return {**row, "preference": preference, **more}


def conversation(*texts):
    roles = ("user", "assistant") * len(texts)
    return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]


def bench(winner, n=0, turn=1, judge="expert_0"):
    texts = (f"first {n}?", "answer {}", "and then?", "more {}")
    a, b = ([text.format(name) for text in texts] for name in "AB")
    return {
        "question_id": 81 + n,
        "model_a": "m",
        "model_b": "n",
        "winner": winner,
        "judge": judge,
        "turn": turn,
        "conversation_a": conversation(*a),
        "conversation_b": conversation(*b),
    }


def arena(*flags, n=0, prompt=None, a=None, b=None):
    return {
        "id": n,
        "prompt": prompt or json.dumps([f"ask {n}"]),
        "response_a": a or json.dumps(["first"]),
        "response_b": b or json.dumps(["second"]),
        **dict(zip(("winner_model_a", "winner_model_b", "winner_tie"), flags, strict=True)),
    }


def filled(make, *, of, other):
    """Ten labels of either kind."""
    return [make(value, n=n) for n in range(10) for value in (of,)] + [
        make(other, n=n) for n in range(10, 20)
    ]


def test_alpaca_eval_is_read_as_it_is(read):
    rows = filled(alpaca, of=1, other=2.0)
    rows += [alpaca(1.5, 30), alpaca(0, 31), alpaca(1.02, 32), alpaca("2", 33, input="Be brief.")]
    found = read(rows)
    assert labels(found) == [True] * 10 + [False] * 10 + [None, None, True, False]
    assert found.source == "AlpacaEval"
    assert found.items[0].question == "Do 0."
    assert found.items[-1].question == "Do 33.\n\nBe brief."
    assert found.items[0].answers == ("one 0", "two 0")
    assert "Question:\nDo 0.\n" in found.items[0].questions[0].text


def test_mt_bench_is_read_up_to_the_turn_that_was_judged(read):
    rows = filled(bench, of="model_a", other="model_b")
    rows += [bench("tie", 30), bench("tie (bothbad)", 31), bench("model_a", 32, turn=2)]
    found = read(rows)
    assert labels(found)[-3:] == [None, None, True]
    assert found.items[0].answers == ("answer A", "answer B")
    assert found.items[-1].answers == (
        "answer A\n\nUser: and then?\n\nAssistant: more A",
        "answer B\n\nUser: and then?\n\nAssistant: more B",
    )


def test_chatbot_arena_is_read_in_each_of_its_forms(read):
    rows = [arena(1, 0, 0, n=n) for n in range(10)] + [arena(0, 1, 0, n=n) for n in range(10, 20)]
    rows += [arena(0, 0, 1, n=20), arena("0", "1", "0", n=21), arena(True, False, False, n=22)]
    two = {"prompt": json.dumps(["a?", "b?"])}
    rows += [arena(1, 0, 0, n=23, **two, a=json.dumps(["x", "y"]), b=json.dumps(["z", "w"]))]
    rows += [{"prompt": "plain", "response_a": "x", "response_b": "y", "winner": "both_bad"}]
    found = read(rows)
    assert labels(found)[-5:] == [None, False, True, True, None]
    assert found.items[-2].answers[0] == "x\n\nUser: b?\n\nAssistant: y"
    assert found.items[-1].question == "plain"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (alpaca(3), r"labels\.json:21: preference: found 3; allowed: 1 to 2, or 0"),
        (alpaca(None), "preference: found null; allowed: 1 to 2, or 0"),
        (alpaca("first"), "preference: found 'first'"),
        (alpaca("nan"), "preference: found 'nan'"),
        (bench("model_c"), r"winner: found 'model_c'; allowed: model_a, model_b, tie, tie \(both"),
        (bench("model_a", turn=3), "conversation_a: found 'user, assistant, user, assistant'"),
        (bench("model_a") | {"conversation_a": None}, "conversation_a: found null"),
        (
            bench("model_a") | {"conversation_b": conversation("other?", "answer")},
            "conversation_b: found 'other\\?'; allowed: the questions of conversation_a",
        ),
        (arena(0, 0, 0), "winner_model_a: found 'winner_model_a 0, .*a 1 in one of the three"),
        (arena(1, 1, 0), "a 1 in one of the three"),
        (arena(1, 0, 2), "winner_tie: found 2; allowed: 0 or 1"),
        (arena(1, 0, 0, a='["x", "y"]'), "response_a: found .*allowed: 1 turns, as in prompt"),
        (
            {"question_id": 1, "model_a": "m", "model_b": "n", "winner": "model_a"},
            "names the models and no answers",
        ),
    ],
)
def test_what_no_form_allows_is_an_error(read, row, problem):
    with pytest.raises(DataError, match=problem):
        read([*filled(alpaca, of=1, other=2), row])


def own(label, n=0, **more):
    return {"q": "x", "answer": f"{label} {n}", "label": label, **more}


@pytest.mark.parametrize(
    ("yes", "no"), [(1, 0), (1.0, 0.0), ("1", "0"), (True, False), ("Pass", "FAIL"), ("yes", "no")]
)
def test_labels_of_answers_are_read_in_every_common_form(read, yes, no):
    found = read(filled(own, of=yes, other=no), JudgeTask)
    assert labels(found) == [True] * 10 + [False] * 10


@pytest.mark.parametrize(
    "value", [2, -1, 0.5, "ok", "", None, [], {"a": 1}, "yes please", "nope", "N/A"]
)
def test_an_invented_label_is_never_a_no(read, value):
    rows = [*filled(own, of=1, other=0), own(value)]
    with pytest.raises(DataError, match=r"labels\.json:21: label: found .*; allowed: yes, no"):
        read(rows, JudgeTask)


def test_columns_and_values_of_ones_own(read):
    rows = "asked,first,second,vote\n"
    for n, vote in enumerate(["1"] * 10 + ["2"] * 10 + ["1.5", "0", "?"]):
        rows += f"Why {n}?,one,two,{vote}\n"
    columns = {"question": "asked", "a": "first", "b": "second", "better": "vote"}
    values = {"1": "a", "2": "b", "1.5": "tie", "0": "tie", "?": "skip"}
    found = read(rows, columns=columns, values=values)
    assert labels(found) == [True] * 10 + [False] * 10 + [None, None]
    assert found.skipped == 1
    assert found.items[0].question == "Why 0?"
    with pytest.raises(DataError, match=r"25: vote: found '3'; allowed: 1, 2, 1.5, 0, \?"):
        read(rows + "Why?,one,two,3\n", columns=columns, values=values)
    with pytest.raises(DataError, match=r"no column 'votes'\. Did you mean 'vote'"):
        read(rows, columns=columns | {"better": "votes"}, values=values)


def test_a_column_of_the_data_makes_the_prompt(read):
    rows = [{"asked": "x", "said": f"a {n}", "ok": n % 2} for n in range(20)]
    found = read(rows, JudgeTask, columns={"q": "asked", "answer": "said", "label": "ok"})
    assert found.items[0].question == "Q: x"
    assert labels(found)[:2] == [False, True]


def test_scores_pass_from_a_threshold(read):
    scale = Scale(1, 10, 7)
    scores = [7, "7", 7.5, "8/10", "9 out of 10", "10", "7,0", 8, 9, "8 points", *[6.9, 1] * 5]
    rows = [own(score, n) for n, score in enumerate(scores)]
    assert labels(read(rows, JudgeTask, scale=scale)) == [True] * 10 + [False] * 10
    for wrong in (0, 11, -1, "8/5", "good", None, True, "7-8"):
        with pytest.raises(DataError, match=r"label: found .*; allowed: a score of 1 to 10"):
            read([*rows, own(wrong, 99)], JudgeTask, scale=scale)


def test_two_scores_of_a_pair(read):
    rows = [
        {"q": n, "a": "one", "b": "two", "score_a": first, "rating": second}
        for n, (first, second) in enumerate([(5, 4)] * 10 + [("1/5", "5")] * 10 + [(3, 3)])
    ]
    found = read(rows, columns={"score_b": "rating"}, scale=Scale(1, 5))
    assert labels(found) == [True] * 10 + [False] * 10 + [None]
    with pytest.raises(DataError, match="rating: found 6; allowed: a score of 1 to 5"):
        read([*rows, rows[0] | {"rating": 6}], columns={"score_b": "rating"}, scale=Scale(1, 5))


class TestAnnotators:
    """Several labels of one pair or answer."""

    def test_the_majority_decides_and_agreement_is_counted(self, read):
        rows = filled(bench, of="model_a", other="model_b")
        rows += [bench(w, 50, judge=f"j{n}") for n, w in enumerate(["model_a", "model_a", "tie"])]
        rows += [bench(w, 51, judge=f"j{n}") for n, w in enumerate(["model_a", "model_b"])]
        found = read(rows)
        assert labels(found)[-2:] == [True, None]
        assert (found.agreeing, found.pairs) == (1, 4)
        assert "annotators agree on 25% of 4 pairs of labels" in found.notes

    def test_only_that_counts_on_which_all_agree(self, read):
        rows = filled(bench, of="model_a", other="model_b")
        rows += [bench(winner, 50) for winner in ("model_a", "model_a", "tie")]
        rows += [bench(winner, 51) for winner in ("tie", "tie")]
        found = read(rows, annotators="all")
        assert labels(found)[-1] is None
        assert len(found.items) == 21
        assert found.uneven == 1

    def test_a_pair_in_the_other_order_is_the_same(self, read):
        pairs = [{"q": n, "a": "one", "b": "two", "better": "a"} for n in range(10)]
        pairs += [{"q": n, "a": "one", "b": "two", "better": "b"} for n in range(10, 20)]
        turned = [{"q": n, "a": "two", "b": "one", "better": "b"} for n in range(10)]
        found = read([*pairs, *turned])
        assert labels(found) == [True] * 10 + [False] * 10
        assert (found.agreeing, found.pairs) == (10, 10)

    def test_an_answer_on_which_they_are_even_has_no_label(self, read):
        rows = [
            *filled(own, of="yes", other="no"),
            own("yes", 99),
            own("yes", 99) | {"label": "no"},
        ]
        found = read(rows, JudgeTask)
        assert len(found.items) == 20
        assert found.uneven == 1


def test_too_few_labels_say_what_was_read(read):
    rows = [alpaca(1.5, n) for n in range(15)] + [alpaca(1, n) for n in range(20, 25)]
    with pytest.raises(DataError, match=r"5 are labelled a and 0 b \(15 ties\).*AlpacaEval"):
        read(rows)


@pytest.mark.parametrize("column", ["prompt", "response_a", "response_b"])
@pytest.mark.parametrize(
    "broken",
    [
        '["first", "sec',  # cut off
        '[{"role": "user", "content": "a"',
        "['first']",  # as Python writes it
        '["a" "b"]',
        "[None]",
        "[",
    ],
)
def test_a_broken_list_of_turns_is_no_answer(read, column, broken):
    rows = filled(lambda flag, n: arena(flag, 1 - flag, 0, n=n), of=1, other=0)
    rows[3][column] = broken
    with pytest.raises(DataError, match=rf"{column}: found .*; allowed: a list as JSON"):
        read(rows)


@pytest.mark.parametrize("text", ["[1] says so.", "[Author] It is late.", "[sic]"])
def test_a_text_in_brackets_is_an_answer(read, text):
    rows = filled(lambda flag, n: arena(flag, 1 - flag, 0, n=n), of=1, other=0)
    rows[3]["response_a"] = text
    assert read(rows).items[3].answers[0] == text


@pytest.mark.parametrize(
    ("column", "proposed"),
    [
        ("asked_for", "asked_for"),  # the one text that is left
        ("gold_answer", "…"),
        ("corrected_output", "…"),
        ("answer.corrected", "…"),
        ("reference", "…"),
        ("Revised text", "…"),
        ("ideal-reply", "…"),
    ],
)
def test_an_answer_that_nobody_labelled_is_proposed_as_nothing(column, proposed):
    """Labels are of what the model said, and not of what it should have said."""
    rows = [{"output": f"a{n}", column: f"b{n}", "label": ("yes", "no")[n % 2]} for n in range(20)]
    wanted = Wanted(
        file="labels.jsonl",
        label="label",
        answers=("answer",),
        prompt=("q",),
        names=("yes", "no"),
        known={"yes": "yes", "no": "no"},
        reading=LabelReading(),
    )
    assert f"columns: {{answer: output, q: {proposed}}}" in hint(wanted, rows)


def preferred(n, **more):
    return {"prompt": f"ask {n}", "chosen": f"good {n}", "rejected": f"bad {n}", **more}


def test_pairs_of_chosen_and_rejected_are_shown_in_either_order(read):
    found = read([preferred(n) for n in range(60)])
    assert found.source == "pairs of chosen and rejected"
    assert set(labels(found)) == {True, False}
    for item in found.items:
        better = item.answers[0 if item.label else 1]
        assert better.startswith("good")
        assert item.question.startswith("ask")


def test_pairs_of_chosen_and_rejected_may_be_conversations(read):
    whole = {
        "chosen": conversation("hi", "hello", "why?", "so"),
        "rejected": conversation("hi", "hello", "why?", "never"),
    }
    alone = {
        "chosen": [{"role": "assistant", "content": "hello"}],
        "rejected": [{"role": "assistant", "content": "go away"}],
    }
    asked = [{"role": "user", "content": "hi you"}]
    rows = [preferred(n) for n in range(60)]
    rows += [{"prompt": "hi", **whole}, {"prompt": "hi there", **alone}, {"prompt": asked, **alone}]
    found = read(rows)
    answers = ("hello\n\nUser: why?", "hello", "hello")
    for item, answer in zip(found.items[-3:], answers, strict=True):
        assert item.answers[0 if item.label else 1].startswith(answer)
    assert [item.question for item in found.items[-3:]] == ["hi", "hi there", "hi you"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"prompt": None}, "prompt: found null"),
        ({"chosen": 3}, "chosen: found '?3'?; allowed: an answer, or messages"),
        (
            {"rejected": conversation("other", "no"), "chosen": conversation("hi", "yes")},
            "rejected",
        ),
        ({"chosen": '[{"role": '}, "chosen: found .* a list as JSON"),
    ],
)
def test_a_broken_pair_of_chosen_and_rejected_is_named(read, row, words):
    with pytest.raises(DataError, match=words):
        read([preferred(n) for n in range(60)] + [preferred(99, **row)])


@pytest.mark.parametrize("mark", [".", "!", "。", "!!"])
def test_a_full_stop_behind_a_label_is_none_of_it(read, mark):
    rows = [{"q": str(n), "answer": f"x {n}", "label": f"Yes{mark}"} for n in range(10)]
    rows += [{"q": str(n), "answer": f"x {n}", "label": f"no{mark}"} for n in range(10, 20)]
    assert labels(read(rows, task=JudgeTask)) == [True] * 10 + [False] * 10


def test_two_answers_that_are_the_same_are_left_out(read):
    rows = [{"q": str(n), "a": f"x {n}", "b": "y", "better": "a"} for n in range(10)]
    rows += [{"q": str(n), "a": f"x {n}", "b": "y", "better": "b"} for n in range(10, 20)]
    same = [{"q": "30", "a": "z", "b": "z ", "better": one} for one in ("a", "b", "tie")]
    found = read([*rows, *same])
    assert len(found.items) == 20
    assert found.notes == ("1 left out, as their two answers are the same",)


@pytest.mark.parametrize("word", ["both good", "Both bad", "neither", "both"])
def test_words_for_a_tie_are_proposed_as_one(read, word):
    rows = [{"q": str(n), "a": f"x {n}", "b": "y", "better": "a"} for n in range(12)]
    with pytest.raises(DataError, match=rf"values: {{a: a, tie: {word}}}"):
        read([*rows, {"q": "30", "a": "z", "b": "y", "better": word}])
