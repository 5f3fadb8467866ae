"""Broken data and broken scorers: one clear error each, and the rest of the run unharmed."""

import json
import math

import pytest

from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import DataError, EngineError
from evalguard.records import Verdict
from evalguard.runner.check import run_check
from evalguard.scorers import MAX_OUTPUT_CHARS
from evalguard.scorers import text as text_scorers
from evalguard.store import SampleStore
from tests.conftest import write_jsonl
from tests.scripted_engine import knows

SCORERS = """
from evalguard.scorers import scorer

@scorer(name="moody")
def moody(output, target, row):
    if row["number"] % 2:
        raise RuntimeError("out of coffee")
    return True
"""

STORIES = [
    {"question": "Tell me a short story about a fox.", "number": n, "id": n} for n in range(6)
]


@pytest.fixture
def add_suite(project, edit):
    """Add a suite of one test set with one gate to the project."""

    def add(name, rows, scorer="exact_match", metric=None, *, text=None, limit=12):
        data = project / "suites" / f"{name}.jsonl"
        if text is None:
            write_jsonl(data, rows)
        else:
            data.write_text(text)
        (project / "suites" / f"{name}.yaml").write_text(
            "version: 1\ntasks:\n"
            f"  - {{kind: test_set, data: {name}.jsonl, prompt: '{{{{ question }}}}', "
            "target: '{{ question }}', "
            f"scorers: [{json.dumps(scorer)}], max_new_tokens: {limit}}}\n"
        )
        gate = f"\n  - {{suite: {name}, metric: {metric or scorer}, max_drop: 50pp}}"
        with (project / "thresholds" / "release.yaml").open("a") as file:
            file.write(gate)
        edit("evalguard.yaml", "suites: [", f"suites: [{name}, ")

    return add


SCRIPTED = ("engine.name=scripted",)


def check(project, *overrides, **options):
    loaded = load_project(project / "evalguard.yaml", overrides=overrides)
    gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
    result = run_check(loaded, gates, full=True, **options)
    return result, {gate.suite: gate for gate in result.gates}


def test_all_broken_data_is_told_at_once_before_anything_runs(project, add_suite):
    add_suite("empty", [], text="")
    add_suite("nocolumn", [{"question": "a"}, {"quest": "b"}])
    add_suite("twins", [{"id": 7, "question": "a"}, {"id": 7, "question": "b"}])
    add_suite("cut", [], text='{"question": "a"}\n{"question": ')
    with pytest.raises(DataError) as caught:
        check(project)
    for suite, said in {
        "empty": "empty.jsonl: is empty. Was it written or downloaded completely?",
        "nocolumn": "nocolumn.jsonl:2: no column 'question'. Did you mean 'quest'?",
        "twins": "twins.jsonl:2: the column 'id' must hold a different value in every row",
        "cut": "cut.jsonl:2: not JSON",
    }.items():
        assert f"suite '{suite}', task '{suite}': " in str(caught.value)
        assert said in str(caught.value)


def test_rows_that_contradict_each_other_are_counted(project, add_suite):
    questions = ["a", "a", "a", "b", "b", "c"]
    rows = [{"question": one, "id": id_} for id_, one in enumerate(questions)]
    add_suite("copies", rows)
    path = project / "suites" / "copies.yaml"
    targets = "{{ 'x' if id in (0, 2, 3, 4) else 'y' }}"
    path.write_text(path.read_text().replace("target: '{{ question }}'", f'target: "{targets}"'))
    for _ in range(2):  # the second time from what the store remembers
        result, _ = check(project)
        [warning] = [one for one in result.warnings if "different targets" in one]
        assert warning.startswith(
            "3 rows of copies/copies share a prompt but have different targets"
        )


NULLS = """task: nulls
dataset_path: json
dataset_kwargs: {data_files: {test: nulls.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "TEMPLATE"
doc_to_target: answer
generation_kwargs: {until: ["\\n"], max_gen_toks: 4}
"""


@pytest.mark.parametrize(
    ("template", "count"),
    [
        ("{{ note }} {{ question }}", 2),
        ("{{ note or '' }} {{ question }}", 0),
        ("None of it: {{ question }}", 0),
        ("{{ note }} None: {{ question }}", 0),
    ],
)
def test_nulls_that_lm_eval_writes_into_prompts_are_counted(project, add_suite, template, count):
    add_suite("nulls", [], metric="exact_match")
    notes = [None, "short", None, "None at all"]
    rows = [{"question": f"{n}?", "note": note, "answer": "a"} for n, note in enumerate(notes)]
    write_jsonl(project / "suites" / "nulls.jsonl", rows)
    (project / "suites" / "nulls_task.yaml").write_text(NULLS.replace("TEMPLATE", template))
    suite = project / "suites" / "nulls.yaml"
    suite.write_text(
        "version: 1\nability: task\ntasks: [{kind: benchmark, task: nulls_task.yaml}]\n"
    )
    for _ in range(2):  # the second time from what the store remembers
        result, _ = check(project)
        found = [one for one in result.warnings if "hold 'None'" in one]
        assert [one.partition(" ")[0] for one in found] == ([str(count)] if count else [])


def test_a_scorer_that_fails_leaves_the_other_suites_alone(project, edit, add_suite):
    (project / "ours.py").write_text(SCORERS)
    edit("evalguard.yaml", "thresholds:", "scorer_modules: [ours.py]\nthresholds:")
    add_suite("moody", STORIES, "moody")
    result, gates = check(project)
    assert {gates["general"].verdict, gates["facts"].verdict} == {Verdict.PASS}
    assert gates["moody"].verdict is Verdict.INCONCLUSIVE
    assert gates["moody"].missing == 3
    assert result.verdict is Verdict.INCONCLUSIVE
    warned = [one for one in result.warnings if "could not be measured" in one]
    assert any("suite/moody" in one or "of moody/" in one for one in warned)
    assert all("row " in one for one in warned)


def test_a_pattern_that_takes_too_long_leaves_the_other_suites_alone(
    project, add_suite, monkeypatch
):
    monkeypatch.setattr(text_scorers, "REGEX_SECONDS", 0.1)
    endless = {"name": "regex", "options": {"pattern": r"^(?:(?:\w|\s|[a-z])+[.,]?)+[!?]$"}}
    add_suite("endless", STORIES[:1], endless, "regex", limit=48)
    result, gates = check(project)
    assert {gates["general"].verdict, gates["facts"].verdict} == {Verdict.PASS}
    assert gates["endless"].verdict is Verdict.ERROR
    assert "suite 'endless', row " in gates["endless"].reason
    assert "remove nested repeats" in gates["endless"].reason
    assert result.verdict is Verdict.ERROR


def test_an_output_of_5_mb_is_scored_the_worst_and_kept_short(project, facts, script):
    runaway = dict.fromkeys(list(facts)[:1], "a runaway answer " * 300_000)
    script.opens(lambda _: FakeEngine({BASE: knows(facts | runaway), "harmless": knows(facts)}))
    result, gates = check(project, *SCRIPTED)
    assert gates["facts"].verdict is Verdict.PASS
    assert gates["general"].verdict is Verdict.PASS
    with SampleStore(str(project / ".evalguard" / "store.db")) as store:
        stored = [run.fingerprint for run in result.tasks if run.task == "facts"]
        lengths = [
            len(text)
            for fingerprint in stored
            for sample in store.all_samples(fingerprint)
            for text in sample.outputs
        ]
    assert max(lengths) == MAX_OUTPUT_CHARS


def test_what_was_answered_before_the_engine_broke_is_kept(project, facts, script):
    script.opens(lambda _: FakeEngine({BASE: knows(facts)}, fails_after=150))
    with pytest.raises(EngineError, match="the fake engine broke"):
        check(project, *SCRIPTED)
    script.opens(lambda _: FakeEngine({BASE: knows(facts)}))
    result, _ = check(project, *SCRIPTED)
    assert result.timing["samples_reused"] >= 150 // 4  # a question has up to four choices
    assert result.verdict is Verdict.PASS


def test_a_model_whose_numbers_are_none_is_an_error_and_spares_the_others(project, facts, script):
    def broken(prompt, text):
        return math.nan

    script.opens(lambda _: FakeEngine({BASE: knows(facts)}, likelihoods={"harmless": broken}))
    result, gates = check(project, *SCRIPTED)
    assert result.verdict is Verdict.ERROR
    failed = [gate for gate in gates.values() if gate.verdict is Verdict.ERROR]
    assert failed
    assert all("a log-likelihood is NaN" in gate.reason for gate in failed)
    assert gates["facts"].verdict is Verdict.PASS
