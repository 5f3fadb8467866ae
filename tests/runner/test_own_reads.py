"""What code of a project reads is in the key of its scores, and nothing else."""

import hashlib
import os
import shutil
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import EvalGuardError, MeasurementError
from evalguard.runner.check import run_check
from tests.changed_bytes import changed_byte, files_of

FOLDERS = ("model", "adapters/harmless", "scorers", "suites", "thresholds")

SCORER = """
import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from evalguard.scorers import scorer
from own_marks import MARKS


@scorer(name="NAME")
def own(output: str, target: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder, "note.txt")
        note.write_text(output)
        output = note.read_text()
    with (HERE / "scored.log").open("a") as log:
        log.write("scored\\n")
    words = (HERE / "words.txt").read_text() * (len(os.listdir(HERE / "lists")) == 1)
    strict = os.environ.get("OWN_STRICT", "")
    return output.strip() + strict + MARKS == target and words.startswith("yes")
"""

GATES = "version: 1\ngates:\n  - {suite: facts, metric: NAME, max_drop: 10pp}\n"

_numbers = count()


@pytest.fixture
def own(project, script, facts, edit, demo_model):
    """A project with a scorer of its own and an engine that answers at once."""
    name = f"own_{next(_numbers)}"  # names of scorers are taken for as long as a process runs
    shutil.copytree(demo_model, project / "model")
    edit("evalguard.yaml", str(demo_model), "model")
    edit("evalguard.yaml", "{name: hf, dtype: float32, device: cpu}", "{name: scripted}")
    edit("evalguard.yaml", "suites:", "scorer_modules: [scorers/own.py]\nsuites:")
    edit("suites/facts.yaml", "exact_match", name)
    (project / "thresholds/release.yaml").write_text(GATES.replace("NAME", name))
    (project / "scorers/lists").mkdir(parents=True)
    (project / "scorers/lists/a").touch()
    (project / "scorers/words.txt").write_text("yes")
    (project / "scorers/own_marks.py").write_text("MARKS = ''\n")
    (project / "scorers/own.py").write_text(SCORER.replace("NAME", name))
    base = knowing_by(project / "model", facts)
    adapter = knowing_by(project / "adapters/harmless", facts)
    script.opens(lambda _: FakeEngine({BASE: base(), "harmless": adapter()}))
    return project


def knowing_by(folder, facts):
    """Open what answers all but a few questions: others once a byte of the folder has changed.

    Which ones until then is the same on every machine: training gives other bytes on each.
    """

    def content():
        files = (path for path in folder.rglob("*") if path.suffix in (".safetensors", ".json"))
        return b"".join(path.read_bytes() for path in sorted(files))

    unchanged = content()

    def opened():
        now = content()
        drawn = folder.name.encode() if now == unchanged else hashlib.sha256(now).digest()

        def answer(prompt):
            right = next((said for asked, said in facts.items() if asked in prompt), "?")
            return "wrong" if hashlib.sha256(drawn + prompt.encode()).digest()[0] < 3 else right

        return answer

    return opened


def check(project, store=None):
    """Return reused samples, scores and the verdict; or what the check says instead."""
    overrides = [f"store={store}"] if store else []
    try:
        loaded = load_project(project / "evalguard.yaml", overrides=overrides)
        gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
        result = run_check(loaded, gates, full=True)
    except EvalGuardError as error:
        return 0, type(error).__name__
    scores = {(run.task, run.model): dict(run.scores) for run in result.tasks}
    return sum(run.reused for run in result.tasks), [scores, *(g.verdict for g in result.gates)]


def test_what_did_not_change_is_reused(own):
    reused, found = check(own)
    assert reused == 0
    assert found[-1] == "PASS"
    assert check(own) == (160, found)
    scored = (own / "scorers/scored.log").read_text()
    assert check(own) == (160, found)
    assert (own / "scorers/scored.log").read_text() == scored


CHANGES = {
    "a helper": lambda own: (own / "scorers/own_marks.py").write_text("MARKS = '!'\n"),
    "a file that it opens": lambda own: (own / "scorers/words.txt").write_text("no"),
    "a folder that it lists": lambda own: (own / "scorers/lists/b").touch(),
    "a variable that it looks up": lambda _: os.environ.__setitem__("OWN_STRICT", "!"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_scorer_reads_is_in_the_key(own, change, monkeypatch):
    monkeypatch.delenv("OWN_STRICT", raising=False)
    assert check(own)[1][-1] == "PASS"
    monkeypatch.setenv("OWN_STRICT", "")
    os.environ.pop("OWN_STRICT")
    change(own)
    _, found = check(own)
    assert found[-1] != "PASS"
    assert found == check(own, "fresh.db")[1]


def test_scores_of_other_tasks_do_not_depend_on_it(own, edit):
    thresholds = own / "thresholds/release.yaml"
    name = next(iter(load_project(own / "evalguard.yaml").thresholds.gates)).metric
    edit("suites/facts.yaml", name, "exact_match")
    thresholds.write_text(GATES.replace("NAME", "exact_match"))
    _, found = check(own)
    (own / "scorers/words.txt").write_text("no")
    assert check(own) == (160, found)


def test_a_check_does_not_depend_on_those_of_other_projects_before_it(own, tmp_path_factory):
    """Neither on what they read nor on the variables that they looked up."""
    _, found = check(own)
    other = tmp_path_factory.mktemp("other") / "project"
    shutil.copytree(own, other)
    name = f"own_{next(_numbers)}"
    for file in ("scorers/own.py", "suites/facts.yaml", "thresholds/release.yaml"):
        text = (other / file).read_text()
        before = load_project(own / "evalguard.yaml").thresholds.gates[0].metric
        (other / file).write_text(text.replace(before, name).replace("OWN_STRICT", "OTHER_ONE"))
    (other / "scorers/words.txt").write_text("yes, and more")
    check(other)
    assert check(own) == (160, found)


def test_a_loaded_project_keeps_what_its_code_read_when_another_is_loaded(own, tmp_path):
    """What a scorer reads when it is imported is in the key of a check that comes later."""
    text = (own / "scorers/own.py").read_text()
    words = 'words = (HERE / "words.txt").read_text()'
    assert words in text
    at_import = text.replace(words, "words = WORDS").replace(
        "\n\n@scorer", '\nWORDS = (HERE / "words.txt").read_text()\n\n\n@scorer'
    )
    (own / "scorers/own.py").write_text(at_import)
    loaded = load_project(own / "evalguard.yaml")
    other = tmp_path / "another"
    shutil.copytree(own / "suites", other / "suites")
    shutil.copytree(own / "thresholds", other / "thresholds")
    (other / "evalguard.yaml").write_text(
        (own / "evalguard.yaml").read_text().replace("scorer_modules: [scorers/own.py]", "")
    )
    load_project(other / "evalguard.yaml")
    run_check(loaded, [(gate, "harmless") for gate in loaded.thresholds.gates], full=True)
    (own / "scorers/words.txt").write_text("no")
    assert check(own)[1][-1] != "PASS"


def test_a_file_that_changes_while_it_is_read_is_an_error(own, edit):
    edit(
        "scorers/own.py",
        "    strict =",
        '    os.system(f"echo no > {HERE}/words.txt")\n    strict =',
    )
    assert check(own)[1] == MeasurementError.__name__


def _is_as_from_a_fresh_store(own, file, position):
    with changed_byte(file, position) as place:
        _, found = check(own)
        (own / "fresh.db").unlink(missing_ok=True)
        assert found == check(own, "fresh.db")[1], (file, place)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_of_a_file_changes_what_is_reused(own, data):
    check(own)
    file = data.draw(st.sampled_from(files_of(own, FOLDERS)))
    _is_as_from_a_fresh_store(own, file, data.draw(st.integers(0, 1 << 20)))


@pytest.mark.slow
def test_no_byte_of_any_file_changes_what_is_reused(own):
    check(own)
    for file in files_of(own, FOLDERS):
        size = file.stat().st_size
        for position in range(0, size, max(1, size // 8)):
            _is_as_from_a_fresh_store(own, file, position)
