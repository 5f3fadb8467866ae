"""What is read though no key names it is said, and in the keys from then on."""

import os
import shutil

import pytest

import evalguard
from evalguard.cli import main
from evalguard.code.opened import opened_below
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import DataError, TrustError
from evalguard.runner.unkeyed import STRICT_VARIABLE

GATES = "version: 1\ngates:\n  - {suite: facts, metric: exact_match, max_drop: 10pp}\n"


@pytest.fixture
def reading(project, script, facts, edit, demo_model, monkeypatch):  # noqa: PLR0917
    """A project whose candidate answers by what stands in a file."""
    monkeypatch.delenv(STRICT_VARIABLE)
    shutil.copytree(demo_model, project / "model")
    edit("evalguard.yaml", str(demo_model), "model")
    edit("evalguard.yaml", "{name: hf, dtype: float32, device: cpu}", "{name: scripted}")
    (project / "thresholds/release.yaml").write_text(GATES)

    def from_file(file):
        def answer(prompt):
            if file.read_text() != "right":
                return "wrong"
            return next((said for asked, said in facts.items() if asked in prompt), "?")

        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("right")
        right = dict(facts)
        base = lambda prompt: next((s for a, s in right.items() if a in prompt), "?")  # noqa: E731
        script.opens(lambda _: FakeEngine({BASE: base, "harmless": answer}))
        return file

    return from_file


def check(project, **options):
    return evalguard.check(project / "evalguard.yaml", progress=False, full=True, **options)


def reused(result):
    return {run.model: run.reused for run in result.tasks}


FILES = [
    "model/notes.md",
    "model/.hidden",
    "model/sub/folder.txt",
    "adapters/harmless/README.md",
    "adapters/harmless/training_args.bin",
    "rules/words.txt",
]


@pytest.mark.parametrize("name", FILES)
def test_what_is_read_besides_is_said_once_and_then_in_the_key(project, reading, name):
    file = reading(project / name)
    first = check(project)
    [said] = [text for text in first.warnings if "not covered by the key" in text]
    assert name in said
    second = check(project)
    assert reused(second)["harmless"] == 0
    assert not any("not covered by the key" in text for text in second.warnings)
    assert reused(check(project))["harmless"] == 80
    file.write_text("wrong")
    assert check(project).verdict == "FAIL"
    file.unlink()
    file.write_text("right")
    assert check(project).verdict == "PASS"


def test_what_a_model_reads_beside_a_scorer_of_the_project_is_in_the_key_of_every_task(
    project, reading, edit
):
    """Code of a project is listened to once it has scorers; what a model reads is not theirs."""
    (project / "own.py").write_text(
        "from evalguard.scorers import scorer\n\n\n@scorer(name='own_beside')\n"
        "def own(output: str, target: str) -> bool:\n    return output.strip() == target\n"
    )
    edit("evalguard.yaml", "suites:", "scorer_modules: [own.py]\nsuites:")
    file = reading(project / "model/notes.md")
    assert any("not covered by the key" in text for text in check(project).warnings)
    check(project)
    file.write_text("wrong")
    assert check(project).verdict == "FAIL"


def test_it_is_an_error_where_that_is_strict(project, reading, monkeypatch):
    reading(project / "model/notes.md")
    with pytest.raises(TrustError, match=r"model/notes\.md: read during measurement"):
        check(project, strict=True)
    check(project, strict=True)  # it is in the key by now
    (project / ".evalguard/store.db").unlink()
    monkeypatch.setenv(STRICT_VARIABLE, "1")
    with pytest.raises(TrustError, match="not covered by the key"):
        check(project)


def test_the_command_has_an_option_for_it(project, reading, monkeypatch, capsys):
    reading(project / "model/notes.md")
    monkeypatch.chdir(project)
    assert main(["check", "--full", "--strict"]) == 3
    assert "model/notes.md: read during measurement" in " ".join(capsys.readouterr().out.split())


def test_what_keys_name_and_what_is_written_is_not_said(project, reading):
    reading(project / "reports/of_others.txt")
    (project / "model/config.json").read_text()
    assert not any("not covered by the key" in text for text in check(project).warnings)


def test_files_are_heard_by_the_names_by_which_they_are_opened(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.txt").write_text("")
    (tmp_path / "in/link").symlink_to("../out.txt")
    (tmp_path / "in/b").write_text("")
    with opened_below([tmp_path / "in"]) as opened:
        (tmp_path / "in/link").read_text()
        (tmp_path / "out.txt").read_text()
        os.close(os.open(f"{tmp_path}/in/../in/b", os.O_RDONLY))
        (tmp_path / "in/written").write_text("")
    (tmp_path / "in/b").read_text()
    assert opened == {str(tmp_path / "in/link"), str(tmp_path / "in/b")}


@pytest.mark.parametrize("name", ["model/tokenizer.json", "adapters/harmless/adapter_config.json"])
def test_a_model_that_changes_before_the_end_of_the_check_is_an_error(
    project, reading, script, facts, name
):
    reading(project / "reports/unused.txt")
    file = project / name

    def answer(prompt):
        file.write_text(file.read_text() + " ")
        return next((said for asked, said in facts.items() if asked in prompt), "?")

    script.opens(lambda _: FakeEngine({BASE: answer, "harmless": answer}))
    with pytest.raises(TrustError, match="changed while it was loaded or measured"):
        check(project)


def test_data_that_changes_while_the_task_is_made_of_it_is_an_error(project, reading, monkeypatch):
    from evalguard.tasks.kinds.test_set import TestSet

    reading(project / "reports/unused.txt")
    prepare = TestSet.prepare

    def changing(self, render):
        file = project / "suites/facts.jsonl"
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(lines[:-1]))
        return prepare(self, render)

    with monkeypatch.context() as patched:
        patched.setattr(TestSet, "prepare", changing)
        with pytest.raises(DataError, match="a file changed while the task was built from it"):
            check(project)
    assert reused(check(project)) == {"baseline": 0, "harmless": 0}
