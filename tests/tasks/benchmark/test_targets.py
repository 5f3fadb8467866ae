"""Targets that no answer can match are an error before any compute."""

import re

import pytest

from evalguard.errors import ConfigError, DataError

CHOICE = "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: '{target}'\n"
TEXT = "output_type: generate_until\ndoc_to_target: '{{{{a}}}}'\n"


def row(**columns):
    return {"q": "2 + 2?", "a": "4", "choices": ["three", "Four"], "label": 1, **columns}


def problems(load, text, **columns):
    task = load(text, rows=[row(), row(**columns)])
    with pytest.raises(DataError) as caught:
        task.prepare(None)
    return str(caught.value)


@pytest.mark.parametrize("label", [-1, 2, -100, 17])
def test_an_index_that_is_no_choice(load, label):
    said = problems(load, CHOICE.format(target="label"), label=label)
    assert re.sub(r"\(.*rows.jsonl\)", "(rows.jsonl)", said) == (
        f"suites/s.yaml: task 'ours' (rows.jsonl), row 2: target: {label} is not a choice of this "
        "row; possible: 0 ('three'), 1 ('Four'); correct the row or doc_to_target"
    )


@pytest.mark.parametrize("word", ["four", "FOUR", "Four ", "B", "4", "", "None"])
def test_a_text_that_is_no_choice(load, word):
    text = "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: '{{right}}'\n"
    task = load(text, rows=[row(right="Four"), row(right=word)])
    with pytest.raises(DataError, match=r"row 2: target: .* is not a choice of this row"):
        task.prepare(None)


@pytest.mark.parametrize("gold", [[0, 2], [], [-1]])
def test_one_of_several_indices_that_is_no_choice(load, gold):
    text = CHOICE.format(target="gold")
    task = load(text, rows=[row(gold=[0, 1]), row(gold=gold)])
    with pytest.raises(DataError, match=r"row 2: target: .* is not a choice of this row"):
        task.prepare(None)


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ([], "[] has no choices"),
        (["three", ""], "has a choice that is empty"),
        (["three", None], '["three", null] has a choice that is empty'),
    ],
)
def test_choices_that_cannot_be_chosen(load, choices, fault):
    said = problems(load, CHOICE.format(target="label"), choices=choices)
    assert "row 2: choices: " in said
    assert fault in said


@pytest.mark.parametrize("answer", [None, "", "  "])
def test_a_missing_answer(load, answer):
    said = problems(load, TEXT.format(), a=answer)
    assert f"row 2: target: {'null' if answer is None else repr(answer)} is not an answer" in said


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (CHOICE.format(target="label"), {"label": 0}),
        (CHOICE.format(target="{{label}}"), {"label": 0}),
        (CHOICE.format(target="label").replace("label", "{{choices | length - 1}}"), {}),
        (TEXT.format(), {"a": "0"}),
    ],
)
def test_targets_that_can_be_matched(load, text, columns):
    assert len(load(text, rows=[row(), row(**columns)]).prepare(None)) == 2


def test_many_bad_rows_are_counted(load):
    task = load(CHOICE.format(target="label"), rows=[row(), *[row(label=9) for _ in range(12)]])
    with pytest.raises(
        DataError,
        match=r"'ours' \(.*\): 12 rows cannot be used:\n(  row \d: .*\n){3}  … and 9 more rows$",
    ):
        task.prepare(None)


def test_a_task_that_scores_itself_may_use_other_columns(load):
    code = "def scores(doc, results):\n    return {'acc': 1.0}\n"
    text = (
        "output_type: multiple_choice\ndoc_to_choice: choices\ndoc_to_target: 0\n"
        "process_results: !function code.scores\nmetric_list: [{metric: acc, aggregation: mean, "
        "higher_is_better: true}]\n"
    )
    assert len(load(text, code=code).prepare(None)) == 1


@pytest.mark.parametrize("label", [2, "two", None])
def test_the_first_row_which_lm_eval_tries(load, label):
    text = CHOICE.format(target="label")
    with pytest.raises(
        (ConfigError, DataError), match=r"row 1: target: .* is not a choice of this row"
    ):
        load(text, rows=[row(label=label), row(label=label)]).prepare(None)


STOPS = "generation_kwargs: {{until: {until}}}\n"


@pytest.mark.parametrize(
    ("until", "answer"),
    [
        (r'["\n"]', "red\nprinter"),
        ('[" "]', "New York"),
        ('"."', "Lima. Peru"),
        ('["Q:", "r"]', "or"),
    ],
)
def test_an_answer_that_until_cuts(load, until, answer):
    said = problems(load, TEXT.format() + STOPS.format(until=until), a=answer)
    assert "row 2: target: " in said
    assert "scores 0 when given as the answer: 'until' cuts it at" in said


@pytest.mark.parametrize("thinking", ["<think>2 + 2</think>", "[THINK]2 + 2[/THINK]\n\n"])
def test_an_answer_that_holds_thinking(load, thinking):
    said = problems(load, TEXT.format(), a=f"{thinking}four")
    assert "row 2: target: " in said
    assert "the thinking in it is removed from every answer; write the answer alone" in said


@pytest.mark.parametrize("case", ["lowercase", "uppercase"])
def test_an_answer_that_a_filter_changes(load, case):
    text = f"filter_list: [{{name: f, filter: [{{function: {case}}}, {{function: take_first}}]}}]\n"
    said = problems(load, TEXT.format() + text, a="Oslo")
    assert "scores 0 when given as the answer: the filters or the metric change it" in said


@pytest.mark.parametrize("answer", [{"text": "red"}, [{"text": "b"}]])
@pytest.mark.parametrize("template", ["'{{a}}'", "a", "'{{ a }} '"])
def test_an_object_as_the_answer(load, template, answer):
    text = f"output_type: generate_until\ndoc_to_target: {template}\n"
    task = load(text, rows=[{"q": "x", "a": answer}, {"q": "y", "a": answer}])
    with pytest.raises(DataError, match=r"row 1: target: .* is not text; name its part"):
        task.prepare(None)


@pytest.mark.parametrize("answer", ["None", "nan", "null"])
def test_words_that_look_like_nothing_are_answers_where_nothing_is_missing(load, answer):
    assert len(load(TEXT.format(), rows=[row(a=answer)]).prepare(None)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "filter_list: [{name: f, filter: [{function: regex, regex_pattern: '#### (\\S+)'}, "
        "{function: take_first}]}]\n",
        "metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true, "
        "ignore_case: true, ignore_punctuation: true}]\n",
        r'generation_kwargs: {until: ["\n\n", "Question:"]}' + "\n",
    ],
)
def test_answers_that_may_be_written_otherwise_are_left_alone(load, text):
    assert len(load(TEXT.format() + text, rows=[row(a="1,100")]).prepare(None)) == 1


def filtered(pattern):
    steps = f"[{{function: regex, regex_pattern: '{pattern}'}}, {{function: take_first}}]"
    return f"filter_list: [{{name: f, filter: {steps}}}]\n"


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (r"(\d+)", "1,100"),
        (r"(\d+)", "twelve"),
        (r"answer is \(?([A-D])\)?", "E"),
        (r"([^,]+),", "a, b"),
    ],
)
def test_an_answer_that_a_filter_never_finds(load, pattern, answer):
    rows = [row(a={"1,100": "12", "twelve": "12", "E": "A", "a, b": "a"}[answer]), row(a=answer)]
    task = load(TEXT.format() + filtered(pattern), rows=rows)
    with pytest.raises(
        DataError, match=r"row 2: target: .* can never be extracted by regex_pattern: .*; correct"
    ):
        task.prepare(None)


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        (r"#### (\-?[0-9\.\,]+)", "1,100"),
        (r"answer is \(?([A-D])\)?", "c"),
        (r"(-?[$0-9.,]{2,})|(-?[0-9]+)", "7"),
        (r"(?<=the answer is )(.*)(?=.)", "Lima. Peru"),
        (r"[(]([^)]*)[)]", "x"),
    ],
)
def test_an_answer_that_a_filter_may_find(load, pattern, answer):
    assert len(load(TEXT.format() + filtered(pattern), rows=[row(a=answer)]).prepare(None)) == 1
