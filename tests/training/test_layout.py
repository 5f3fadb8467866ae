"""Formats and columns as a config names them, and what is said about a file."""

import json
import re
from typing import Any

import pytest
import yaml

from evalguard.errors import ConfigError, DataError
from evalguard.training import load_training_config
from evalguard.training.config import Data, Stage
from evalguard.training.dataset import build_dataset, read_examples
from evalguard.training.formats import Layout, Reading, read
from evalguard.training.rows import RawRow, raise_problems

ASKED = {"role": "user", "content": "Hi"}
ANSWER = {"role": "assistant", "content": "Hello."}
OTHER = {"role": "assistant", "content": "Go away."}


def reading(*rows: dict[str, Any], **layout: Any) -> Reading:
    return read([RawRow("d.jsonl", i, r) for i, r in enumerate(rows, 1)], Layout(**layout))


def problem(*rows: dict[str, Any], **layout: Any) -> str:
    found = reading(*rows, **layout)
    assert not found.examples
    return found.problems[0].message


def test_a_guess_and_what_is_not_used_are_one_line_each():
    rows: list[dict[str, Any]] = [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]}
        | ({"id": i, "source": "x"} if i else {"id": i})
        for i in range(3)
    ]
    rows[2]["conversations"][0]["lang"] = "en"
    assert reading(*rows).lines() == (
        "d.jsonl: 3 rows read as 'sharegpt' (conversations → messages)",
        "d.jsonl: ignored: id (3 rows), source (2), conversations.lang (1)",
    )


def test_columns_are_named_by_the_file():
    row = {"frage": "Hi", "antwort": "Hello.", "output": "unused"}
    found = reading(row, format="alpaca", columns={"instruction": "frage", "output": "antwort"})
    assert [m["content"] for m in found.examples[0].messages] == ["Hi", "Hello."]
    assert found.lines() == (
        "d.jsonl: 1 row read as 'alpaca' (frage, antwort → messages; set by data.format)",
        "d.jsonl: ignored: output (1 row)",
    )


def test_keys_of_messages_are_named_by_the_file():
    talk = [{"speaker": "human", "said": "Hi"}, {"speaker": "gpt", "said": "Hello."}]
    found = reading({"messages": talk}, columns={"role": "speaker", "content": "said"})
    assert found.examples[0].messages == (ASKED, ANSWER)


@pytest.mark.parametrize(
    ("row", "layout", "message"),
    [
        (
            {"messages": [ASKED, ANSWER], "prompt": "Bye", "completion": "Bye."},
            {},
            "may be read as 'messages' (messages) or 'prompt_completion'",
        ),
        (
            {"messages": [ASKED, ANSWER], "conversations": [ASKED, ANSWER]},
            {},
            "Say which: data: {format: messages}",
        ),
        ({"question": "Hi", "answer": "a", "response": "b"}, {}, "'answer' and 'response'"),
        (
            {"prompt": "Hi", "completion": "x"},
            {"format": "alpaca"},
            "needs instruction; found columns 'prompt'",
        ),
        ({"text": "x"}, {"format": "preference"}, "needs chosen, rejected; found columns 'text'"),
        ({"prompt": "Hi", "completion": "x"}, {"format": "unpaired"}, "needs label|kto_tag"),
        (
            {"prompt": "Hi", "completion": "x"},
            {"columns": {"completion": "antwort"}},
            "data.columns names 'antwort'; the file has 'completion', 'prompt'",
        ),
    ],
)
def test_a_file_that_does_not_say_what_it_is_is_refused(row, layout, message):
    assert message in problem(row, **layout)


def test_one_of_two_formats_is_named_or_left_out():
    row = {"messages": [ASKED, ANSWER], "prompt": "x", "completion": "y"}
    assert reading(row, format="messages").ignored == {"prompt": 1, "completion": 1}
    assert reading(row, ignore=("messages",)).format == "prompt_completion"
    two = {"question": "Hi", "answer": "a", "response": "b"}
    assert reading(two, columns={"answer": "response"}).examples[0].messages[1]["content"] == "b"
    assert reading(two, ignore=("answer",)).examples[0].messages[1]["content"] == "b"


def test_one_cause_has_the_same_words_in_every_row(tmp_path):
    write(tmp_path, d=[{"wrong": i} for i in range(40)])
    with pytest.raises(DataError, match="40 broken rows") as error:
        raise_problems(read_examples(tmp_path / "d.jsonl").problems)
    assert str(error.value).count("no known format") == 1
    assert reading({"wrong": 1}).lines() == ()


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "completion": "Hello."},
        {"messages": [ASKED, ANSWER]},
        {"instruction": "Hi", "output": "Hello."},
    ],
)
def test_labels_mark_answers_or_are_not_used(row):
    wanted = reading(row | {"label": "1.0"}, row | {"label": False})
    assert [example.good for example in wanted.examples] == [True, False]
    assert wanted.examples[0].messages == (ASKED,)
    assert wanted.examples[0].chosen == (ANSWER,)
    classes = reading(row | {"label": "hardware"}, row | {"label": "network"})
    assert classes.examples[0].kind == "conversation"
    assert classes.ignored == {"label": 2}
    odd = reading(row | {"label": 1}, row | {"label": 2})
    assert [one.where for one in odd.problems] == ["d.jsonl:2"]
    assert "'label' is 2, and others of the file say wanted or unwanted" in odd.problems[0].message
    assert reading(row | {"kto_tag": True}).format == "unpaired"
    said = problem(row | {"label": "hardware"}, format="unpaired")
    assert "'label' is 'hardware', expected true" in said


def test_preferences_in_the_forms_of_other_tools():
    openai = {
        "input": {"messages": [ASKED], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [ANSWER],
        "non_preferred_output": [OTHER],
    }
    rows: list[dict[str, Any]] = [
        openai,
        {"system": "", "question": "Hi", "chosen": "Hello.", "rejected": "Go away."},
        {"conversations": [ASKED], "chosen": ANSWER, "rejected": OTHER},
        {"prompt": "\n\nHuman: Hi\n\nAssistant:", "chosen": "Hello.", "rejected": "Go away."},
        {"instruction": "Hi", "chosen": ANSWER, "rejected": "Go away."},
    ]
    for row in rows:
        found = reading(row)
        assert not found.problems
        example = found.examples[0]
        assert (example.messages, example.chosen, example.rejected) == (
            (ASKED,),
            (ANSWER,),
            (OTHER,),
        )
    assert reading(openai).ignored == {"input.parallel_tool_calls": 1}


def test_a_prompt_keeps_its_system_message_beside_whole_conversations():
    system = {"role": "system", "content": "Be brief."}
    row = {"prompt": [system, ASKED], "chosen": [ASKED, ANSWER], "rejected": [ASKED, OTHER]}
    assert reading(row).examples[0].messages == (system, ASKED)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"chosen": [ASKED, ANSWER, ASKED, ANSWER], "rejected": [ASKED, OTHER, ASKED, ANSWER]},
            "differ before the last answer",
        ),
        (
            {"prompt": "Hi", "chosen": [ASKED, ANSWER], "rejected": "Go away."},
            "one of 'chosen' and 'rejected' is a conversation",
        ),
        (
            {"prompt": "Hi", "chosen": {**ANSWER, "weight": 0}, "rejected": "Go away."},
            "the answer has weight 0",
        ),
        (
            {"prompt": "Hi", "chosen": "Hello.", "rejected": [OTHER, ASKED]},
            "is a conversation",
        ),
        ({"input": "Hi", "preferred_output": [ANSWER], "non_preferred_output": [OTHER]}, "'input'"),
    ],
)
def test_pairs_that_cannot_be_compared_are_refused(row, message):
    assert message in problem(row)


def write(folder, **files):
    for name, rows in files.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "columns",
    [
        {"Question": "Q", "Answer": "A"},  # MedQuAD
        {"inputs": "Q", "targets": "A", "language": "eng"},  # Aya, xP3
        {"problem": "Q", "generated_solution": "A", "problem_source": "x"},  # OpenMathInstruct-2
        {"question": "Q", "r1_solution_1": "A", "r1_solution_2": "B", "r1_solution_3": "C"},
        {"inputs_pretokenized": "Q", "targets_pretokenized": "A"},  # P3
        {"User Query": "Q", "Bot Reply": "A"},
        {"userPrompt": "Q", "modelOutput": "A"},
    ],
)
def test_the_line_that_an_error_proposes_reads_the_rows(columns):
    proposed = re.search(r"data: (\{.*?\}+)", problem(columns))
    assert proposed
    config = yaml.safe_load(proposed[1])
    found = reading(columns, **config)
    left = found.problems[0].message if found.problems else ""
    if ignored := re.search(r"ignore: \[(.*?)\]", left):
        found = reading(columns, **config, ignore=(ignored[1],))
    assert found.examples, left


@pytest.mark.parametrize(
    ("columns", "pair"),
    [
        (("question", "response_j", "response_k"), "chosen: response_j, rejected: response_k"),
        (("prompt", "output1", "output2"), "chosen: output1, rejected: output2"),
        (("prompt", "answerA", "answerB"), "chosen: answerA, rejected: answerB"),
        (("prompt", "my_answer", "my_response"), None),
        (("question", "solution_1", "solution_2", "solution_3"), None),
    ],
)
def test_two_answers_to_a_question_may_be_a_preference(columns, pair):
    row = {name: f"text of {name}" for name in columns}
    assert (pair in problem(row)) if pair else ("rejected:" not in problem(row))
    if pair:
        mapping = dict(one.split(": ") for one in pair.split(", "))
        assert reading(row, columns=mapping).examples


def test_a_stage_reads_its_files_as_the_config_says_and_keeps_the_notes(tmp_path):
    write(tmp_path, task=[{"frage": f"Q{i}", "antwort": "A", "id": i} for i in range(4)])
    data = Data(
        train="task.jsonl",
        validation_share=0,
        format="question_answer",
        columns={"question": "frage", "answer": "antwort"},
    )
    found = build_dataset(Stage(data=data), base_dir=tmp_path, seed=0)
    assert len(found.train) == 4
    assert found.notes == (
        "task.jsonl: 4 rows read as 'question_answer' (frage, antwort → messages; set by "
        "data.format)",
        "task.jsonl: ignored: id (4 rows)",
    )
    with pytest.raises(DataError, match=r"Name yours, such as data: .columns: "):
        build_dataset(Stage(data=Data(train="task.jsonl")), base_dir=tmp_path, seed=0)


def test_a_method_says_which_formats_it_takes(tmp_path):
    rows = [{"prompt": f"Q{i}", "completion": "A", "label": i % 2} for i in range(4)]
    write(tmp_path, task=rows)
    with pytest.raises(DataError, match=r"'unpaired' cannot be trained with method 'sft'.*say"):
        build_dataset(
            Stage(data=Data(train="task.jsonl", validation_share=0)), base_dir=tmp_path, seed=0
        )
    stage = Stage(data=Data(train="task.jsonl", validation_share=0, format="prompt_completion"))
    assert len(build_dataset(stage, base_dir=tmp_path, seed=0).train) == 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{train: d.jsonl, format: alpca}", "format"),
        ("{train: d.jsonl, columns: {anser: x}}", "no format has a column 'anser'. Did you mean"),
        ("{train: d.jsonl, columns: {prompt: x, completion: x}}", "column 'x' is mapped twice"),
    ],
)
def test_a_config_with_a_wrong_layout_is_refused(tmp_path, data, message):
    (tmp_path / "d.jsonl").write_text("{}\n")
    path = tmp_path / "c.yaml"
    path.write_text(f"version: 1\nbase: {{model: x}}\ndata: {data}\noutput: out\n")
    with pytest.raises(ConfigError, match=message):
        load_training_config(path)


@pytest.mark.parametrize("text", [False, True])
def test_two_different_system_messages_are_refused(text):
    def cell(*messages):
        return json.dumps(messages) if text else list(messages)

    one, two = ({"role": "system", "content": f"Be {how}."} for how in ("brief", "long"))
    whole = {"chosen": cell(two, ASKED, ANSWER), "rejected": cell(two, ASKED, OTHER)}
    for row in (
        {"prompt": cell(one, ASKED), **whole},
        {"prompt": cell(one, ASKED), "chosen": cell(two, ANSWER), "rejected": cell(two, OTHER)},
    ):
        assert "'prompt' and 'chosen' have different system messages; keep one" in problem(row)
    half = {"chosen": cell(one, ASKED, ANSWER), "rejected": whole["rejected"]}
    assert "'prompt' and 'rejected' have different" in problem({"prompt": cell(one, ASKED), **half})
    alike = {"prompt": cell(two, ASKED), **whole}
    assert reading(alike).examples[0].messages == (two, ASKED)
    assert reading({"prompt": "Hi", **whole}).examples[0].messages == (two, ASKED)
    late = {"prompt": "Hi", "chosen": cell(two, ANSWER), "rejected": cell(two, OTHER)}
    assert "move it to 'prompt'" in problem(late)
