"""``evalguard label``: labels of people, kept one by one."""

import io
import json
import re
import sys

import pytest

from evalguard.cli import main
from evalguard.cli.label_file import LabelFile
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
        (["label", "facts"], "no task uses a judge"),
        (["label", "right", "--task", "fact"], "no judged task 'fact'. Did you mean 'facts'"),
    ],
)
def test_what_cannot_be_labelled(label, capsys, arguments, problem):
    assert main(arguments) == ExitCode.USAGE
    assert problem in capsys.readouterr().err


def test_all_answers_to_the_drawn_questions_are_shown(label, project):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text() + "    drawn: 4\n")
    code, rows, told = label("y" * 60, "-n", "1")
    assert code == ExitCode.PASS
    assert len({row["question"] for row in rows}) == 4
    assert len(rows) > 4  # the models' answers, equal ones once
    assert "harmful" not in told.out


def test_labels_go_to_lines_of_json(label, project, capsys):
    suite = project / "suites" / "right.yaml"
    suite.write_text(suite.read_text().replace("labels/facts.jsonl", "labels.csv"))
    assert main(["label", "right"]) == ExitCode.USAGE
    assert "name it .jsonl" in capsys.readouterr().err


def test_a_check_without_labels_says_how_to_make_them(label, capsys):
    assert main(["check"]) == ExitCode.USAGE
    told = capsys.readouterr()
    assert "`evalguard label right` creates it" in told.out + told.err


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
    assert "labels can only be added to a file with the column" in capsys.readouterr().err


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


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"letter": "l", "answer": "a", "label": "yes"}, r"columns: \{question: letter\}"),
        ({"question": "q", "reply": "a", "label": "no"}, r"columns: \{answer: reply\}"),
        ({"question": "q", "answer": "a", "label": "good"}, "label: found 'good'"),
        ({"question": "q", "answer": None, "label": "no"}, "column 'answer' holds null"),
        ({"question": "q", "a": "x", "b": "y", "better": "a"}, "with the column 'label'"),
    ],
)
def test_labels_are_not_added_to_those_of_another_task(label, row, problem):
    label.path.parent.mkdir()
    write_jsonl(label.path, [row])
    before = label.path.read_bytes()
    code, _, told = label("yyy")
    assert code == ExitCode.USAGE
    assert re.search(problem, told.err)
    assert label.path.read_bytes() == before


def test_one_file_is_not_that_of_two_criteria(label, project, edit):
    other = SUITE.replace("is right", "is polite")
    (project / "suites" / "polite.yaml").write_text(other)
    edit("evalguard.yaml", "facts, right]", "facts, right, polite]")
    code, rows, told = label("y")
    assert code == ExitCode.USAGE
    assert "also holds the labels of suite 'polite', whose criterion differs" in told.err
    assert not rows


def test_labels_of_other_prompts_are_pointed_out(label):
    label.path.parent.mkdir()
    write_jsonl(label.path, [{"question": "Never asked?", "answer": "a", "label": "yes"}])
    code, rows, told = label("y", "-n", "2")
    assert code == ExitCode.PASS
    assert "none of its 1 labels belongs to a prompt in facts.jsonl" in " ".join(told.out.split())
    assert len(rows) == 2
    _, _, told = label("q", "-n", "2")
    assert "belongs to a prompt" not in told.out


def test_a_read_only_file_stays_as_it_is(label):
    label("y", "-n", "2")
    label.path.chmod(0o444)
    before = label.path.read_bytes()
    code, _, told = label("y", "-n", "2")
    assert code == ExitCode.USAGE
    assert "the file is read-only" in told.err
    assert label.path.read_bytes() == before


class Meanwhile(io.StringIO):
    """A person whose colleague labels something while they think."""

    def __init__(self, keys, path):
        super().__init__(keys)
        self._path = path

    def read(self, size=-1):
        key = super().read(size)
        if key == "y":
            row = {"question": "q", "answer": f"a {self.tell()}", "label": "no"}
            LabelFile(self._path).add(row)
        return key


class Impatient(io.StringIO):
    """A person who presses Ctrl-C after their labels."""

    def read(self, size=-1):
        key = super().read(size)
        if not key:
            raise KeyboardInterrupt
        return key


def test_labels_that_come_meanwhile_are_kept_and_told(label, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Meanwhile("yny", label.path))
    assert main(["label", "right", "-n", "8"]) == ExitCode.PASS
    given = [json.loads(line)["label"] for line in label.path.read_text().splitlines()]
    assert given == ["no", "yes", "no", "no", "yes"]
    assert "2 of them were added by someone else in the meantime" in capsys.readouterr().out


def test_an_interrupted_person_is_told_what_is_kept(label, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Impatient("yn"))
    assert main(["label", "right", "-n", "8"]) == ExitCode.PASS
    assert "1 yes, 1 no" in capsys.readouterr().out


def test_an_answer_that_an_editor_saved_again_is_not_shown_again(label):
    _, rows, _ = label("y", "-n", "1")
    saved = [{**row, "answer": f"{row['answer']} \u200b"} for row in rows]
    label.path.write_text("".join(json.dumps(row) + "\r\n" for row in saved))
    _, rows, told = label("y", "-n", "1")
    assert len(rows) == 1
    assert "1 of 1" not in told.out


def test_prompts_with_an_id_may_have_several_labelled_answers(label, project):
    data = project / "suites" / "facts.jsonl"
    rows = [json.loads(line) for line in data.read_text().splitlines()][:3]
    write_jsonl(data, [row | {"id": n} for n, row in enumerate(rows)])
    label("yn", "-n", "6")
    code, found, _ = label("yn", "-n", "6")
    assert code == ExitCode.PASS
    assert len(found) == 4
    assert len({row["id"] for row in found}) < 4
