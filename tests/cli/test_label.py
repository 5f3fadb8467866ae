"""``evalguard label``: labels of people, kept one by one."""

import io
import json
import sys

import pytest

from evalguard.cli import main
from evalguard.errors import ExitCode
from tests.conftest import write_jsonl

SUITE = """
version: 1
tasks:
  - kind: judge
    data: facts.jsonl
    prompt: "{{ question }}"
    criterion: The answer is right.
    labelled: labels/facts.jsonl
    max_new_tokens: 12
"""


@pytest.fixture
def label(project, edit, monkeypatch, capsys):
    """Label with these keys, and return the file's rows and what was shown."""
    (project / "suites" / "right.yaml").write_text(SUITE)
    edit("evalguard.yaml", "suites: [general, facts]", "suites: [general, facts, right]")
    edit("evalguard.yaml", "suites:", "judge: {model: anything}\nsuites:")
    edit("evalguard.yaml", "candidates:", "candidates:\n  harmful: {adapter: adapters/harmful}")
    monkeypatch.chdir(project)
    path = project / "suites" / "labels" / "facts.jsonl"

    def run(keys: str, *options: str):
        monkeypatch.setattr(sys, "stdin", io.StringIO(keys))
        code = main(["label", "right", *options])
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return code, rows, capsys.readouterr()

    run.path = path  # type: ignore[attr-defined]
    return run


def test_labels_are_kept_and_gone_on_with(label, project):
    code, rows, told = label("yn", "-n", "6")
    assert code == ExitCode.PASS
    assert [row["label"] for row in rows] == ["yes", "no"]
    assert set(rows[0]) == {"question", "answer", "label"}
    assert "The answer is right." in told.out
    assert rows[0]["question"] in told.out
    assert "harmful" not in told.out
    assert "Needed: 9 more yes and 9 more no" in told.out
    _, more, told = label("ysn", "-n", "6")
    assert more[:2] == rows
    assert len(more) == 4
    shown = [(row["question"], row["answer"]) for row in more]
    assert len(set(shown)) == 4
    assert "of 4" in told.out or "of 3" in told.out  # those labelled are not shown again


def test_a_last_line_without_its_end_stays_whole(label):
    label("y", "-n", "2")
    label.path.write_text(label.path.read_text().rstrip("\n"))
    _, rows, _ = label("n", "-n", "4")
    assert [row["label"] for row in rows] == ["yes", "no"]


def test_enough_labels_lead_on(label):
    label("q", "-n", "1")
    label.path.parent.mkdir(exist_ok=True)
    row = {"question": "q", "answer": "a"}
    labels = ["yes", "no", True, False] * 5
    write_jsonl(label.path, [row | {"label": one, "n": n} for n, one in enumerate(labels)])
    code, _, told = label("q", "-n", "1")
    assert code == ExitCode.PASS
    assert "10 yes, 10 no" in told.out
    assert "evalguard check -k right" in told.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["label", "wrong"], "no suite 'wrong'. "),
        (["label", "facts"], "no task is judged by a model"),
        (["label", "right", "--task", "fact"], "no judged task 'fact'. Did you mean 'facts'"),
    ],
)
def test_what_cannot_be_labelled(label, capsys, arguments, problem):
    assert main(arguments) == ExitCode.USAGE
    assert problem in capsys.readouterr().err


def test_labels_go_to_lines_of_json(label, project, capsys):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text().replace("labels/facts.jsonl", "labels.csv"))
    assert main(["label", "right"]) == ExitCode.USAGE
    assert "name it .jsonl" in capsys.readouterr().err


def test_a_check_without_labels_says_how_to_make_them(label, capsys):
    assert main(["check"]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert "`evalguard label right` makes it" in told.out + told.err


def test_pairs_are_shown_in_both_orders_without_their_owners(label, project):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text().replace("kind: judge", "kind: preference"))
    code, rows, told = label("ab" * 20, "-n", "60")
    assert code == ExitCode.PASS
    assert {row["better"] for row in rows} == {"a", "b"}
    assert set(rows[0]) == {"question", "answer", "a", "b", "better"}
    assert "harmful" not in told.out
    assert all(row["a"] != row["b"] for row in rows)
    right = {row["a"] == row["answer"] for row in rows if row["answer"] in (row["a"], row["b"])}
    assert right == {True, False}  # the baseline's answer stands first in some and last in others


def test_a_tie_is_a_label_of_a_pair(label, project):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text().replace("kind: judge", "kind: preference"))
    _, rows, told = label("tat", "-n", "60")
    assert [row["better"] for row in rows] == ["tie", "a", "tie"]
    assert "t tie" in told.out
    assert "1 a, 0 b, 2 tie" in told.out


@pytest.mark.parametrize(
    "form",
    [
        "{file: labels/facts.jsonl, columns: {label: vote}}",
        "{file: labels/facts.jsonl, values: {yes: good, no: bad}}",
        "{file: labels/facts.jsonl, scale: {low: 1, high: 5, pass_from: 4}}",
    ],
)
def test_labels_are_not_added_to_a_file_of_another_form(label, project, capsys, form):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text().replace("labelled: labels/facts.jsonl", f"labelled: {form}"))
    assert main(["label", "right"]) == ExitCode.USAGE
    assert "has columns or values of its own" in capsys.readouterr().err


def test_labels_are_not_added_below_rows_of_another_form(label, capsys):
    label.path.parent.mkdir()
    write_jsonl(label.path, [{"question": "q", "answer": "a", "vote": 1}])
    assert main(["label", "right"]) == ExitCode.USAGE
    assert "with the column 'label'" in capsys.readouterr().err


def test_labels_are_not_added_to_an_array(label, capsys):
    label.path.parent.mkdir()
    content = json.dumps([{"question": "q", "answer": "a", "label": "yes"}])
    label.path.write_text(content)
    assert main(["label", "right"]) == ExitCode.USAGE
    assert "labels are added as JSON lines" in " ".join(capsys.readouterr().err.split())
    assert label.path.read_text() == content


def test_prompts_with_an_id_may_have_several_labelled_answers(label, project):
    data = project / "suites" / "facts.jsonl"
    rows = [json.loads(line) for line in data.read_text().splitlines()][:3]
    write_jsonl(data, [row | {"id": n} for n, row in enumerate(rows)])
    label("yn", "-n", "6")
    code, found, _ = label("yn", "-n", "6")
    assert code == ExitCode.PASS
    assert len(found) == 4
    assert len({row["id"] for row in found}) < 4
