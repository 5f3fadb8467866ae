"""A pooled gate of a project: read from its thresholds, measured to the end, decided once."""

import json

import pytest
from click.testing import CliRunner

import evalguard
from evalguard.cli.power import command as power
from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import ConfigError
from evalguard.records import Verdict
from tests.conftest import write_jsonl
from tests.scripted_engine import knows

ROWS = 200
POOLED = "pooled:\n  - {name: overall, gates: [one, two], max_drop: 8pp}\n"


def rows(suite):
    return {f"What is {suite} {i:03}?": f"{suite}{i:03}" for i in range(ROWS)}


@pytest.fixture
def two(project, script):
    """Two suites of 200 questions, of which the candidate loses ten each."""
    known = rows("one") | rows("two")
    left = {q: said for index, (q, said) in enumerate(known.items()) if index % ROWS >= 10}
    script.opens(lambda _: FakeEngine({BASE: knows(known), "harmless": knows(left)}))
    text = (project / "suites" / "facts.yaml").read_text()
    for name in ("one", "two"):
        written = text.replace("facts", name)
        (project / "suites" / f"{name}.yaml").write_text(written)
        data = [{"question": q, "answer": said} for q, said in rows(name).items()]
        write_jsonl(project / "suites" / f"{name}.jsonl", data)
    config = (project / "evalguard.yaml").read_text()
    (project / "evalguard.yaml").write_text(config.replace("[general, facts]", "[one, two]"))
    thresholds(project, POOLED)
    return project


def thresholds(project, pooled, metric="exact_match"):
    (project / "thresholds" / "release.yaml").write_text(
        "version: 1\ngates:\n"
        f"  - {{name: one, suite: one, metric: {metric}, max_drop: 40pp}}\n"
        f"  - {{name: two, suite: two, metric: {metric}, max_drop: 40pp}}\n{pooled}"
    )


def check(project, **options):
    return evalguard.check(
        project / "evalguard.yaml", overrides=["engine.name=scripted"], progress=False, **options
    )


def test_it_is_a_gate_like_any_other_on_all_samples(two):
    result = check(two)
    one, _, overall = result.gates
    assert one.fraction_used < 1  # its own gate stopped early
    assert (overall.verdict, overall.n, overall.fraction_used) == (Verdict.PASS, 2 * ROWS, 1.0)
    assert overall.delta == pytest.approx(-0.05)
    assert overall.id == f"{two}/thresholds/release.yaml::pooled::mean_score[harmless]"
    assert result.verdict is Verdict.PASS


def test_its_failure_blocks_a_release_that_every_gate_passes(two):
    thresholds(two, POOLED.replace("8pp", "1pp"))
    result = check(two)
    assert [gate.verdict for gate in result.gates] == ["PASS", "PASS", "FAIL"]
    assert result.verdict is Verdict.FAIL


def test_it_can_be_checked_alone(two):
    thresholds(two, POOLED.replace("8pp", "5.2pp"))
    (overall,) = check(two, gates=["overall"]).gates
    assert overall.verdict is Verdict.INCONCLUSIVE


def test_relaxing_it_after_a_look_is_reported(two):
    check(two)
    thresholds(two, POOLED.replace("8pp", "9pp"))
    assert any("pooled/mean_score was" in warning for warning in check(two).warnings)


def planned(project, gate="pooled::mean_score"):
    """Return what ``evalguard power`` says of a gate."""
    arguments = ["--config", str(project / "evalguard.yaml"), "--json"]
    done = CliRunner().invoke(power, arguments, standalone_mode=False)
    return {plan["gate"]: plan for plan in json.loads(done.output)}[gate]


def test_it_is_planned_by_what_its_gates_showed_until_it_was_decided_itself(two):
    thresholds(two, "")
    check(two)
    thresholds(two, POOLED)
    before = planned(two)
    assert (before["by_members"], before["n"], before["differing"]) == (True, 2 * ROWS, None)
    check(two)
    after = planned(two)
    assert after["by_members"] is False
    # Its gates stopped early, so that less is known of how often the models differ.
    assert after["required_n"] <= before["required_n"] <= 2 * after["required_n"]
    thresholds(two, POOLED.replace("8pp", "8pp, confidence_level: 0.999"))
    assert planned(two)["power"] < after["power"]


def test_a_gate_of_clusters_is_planned_by_their_error_and_not_by_counts(two):
    text = (two / "suites" / "one.yaml").read_text()
    (two / "suites" / "one.yaml").write_text(text.rstrip() + "\n    cluster: topic\n")
    data = [{"question": q, "answer": said} for q, said in rows("one").items()]
    clustered = [row | {"topic": f"t{index // 5}"} for index, row in enumerate(data)]
    write_jsonl(two / "suites" / "one.jsonl", clustered)
    check(two)
    gate = "{}::exact_match".format
    assert planned(two, gate("one"))["differing"] is None
    assert planned(two, gate("two"))["differing"] is not None


def test_looks_cost_power_in_the_plan_of_a_gate_but_not_of_a_pooled_one(two):
    check(two)
    gates = ("one::exact_match", "pooled::mean_score")
    looked = [planned(two, gate)["required_n"] for gate in gates]
    config = two / "evalguard.yaml"
    config.write_text(config.read_text() + "early_stopping: false\n")
    once = [planned(two, gate)["required_n"] for gate in gates]
    assert looked[0] > once[0]
    assert looked[1] == once[1]


def test_it_is_not_planned_without_one_of_its_gates(two):
    thresholds(two, "")
    check(two, gates=["one"])
    thresholds(two, POOLED)
    with pytest.raises(KeyError):
        planned(two)


@pytest.mark.parametrize(
    ("pooled", "why"),
    [
        (POOLED.replace("two]", "tow]"), "no gate 'tow'"),
        (POOLED.replace("two]", "one]"), "listed twice"),
        (POOLED.replace("[one, two]", "[one]"), "pooled"),
        (POOLED.replace("8pp", "8%"), "percentage points"),
        (POOLED.replace("max_drop: 8pp", "min: 0.5"), "percentage points"),
        (POOLED.replace("name: overall", "name: one"), "name of another gate"),
    ],
)
def test_what_cannot_be_pooled_is_a_problem_of_the_file(two, pooled, why):
    thresholds(two, pooled)
    with pytest.raises(ConfigError, match=why):
        load_project(two / "evalguard.yaml")


def test_a_suite_that_vanished_is_no_pass(two):
    thresholds(two, POOLED, metric="missing")
    with pytest.raises(ConfigError, match="no metric 'missing'"):
        load_project(two / "evalguard.yaml")
