"""What is measured next, and the verdicts as they fall."""

from dataclasses import replace

from evalguard.records import Gate, Margin, Verdict
from evalguard.runner.display import verdicts
from evalguard.runner.measured import Progress
from evalguard.runner.schedule import Schedule
from tests.reports import examples

COSTS = {"slow": 300.0, "cheap": 10.0, "middle": 50.0}
SELECTED = tuple(
    (Gate(name=suite, suite=suite, metric="acc", max_drop=Margin(0.05, "pp")), "v2")
    for suite in COSTS
)
OPEN = examples.gate_results(examples.FORGETTING)[0]


def results(**verdicts_by_suite: Verdict):
    return [
        replace(
            OPEN,
            name=gate.name,
            suite=gate.suite,
            model="v2",
            verdict=verdicts_by_suite.get(gate.suite, Verdict.INCONCLUSIVE),
            fraction_used=0.1,
            flags=(),
        )
        for gate, _ in SELECTED
    ]


def suites(step):
    return [gate.suite for gate, _ in step.selected]


def schedule(*, fail_fast: bool, looks: int = 10, failed=()):
    return Schedule(
        SELECTED, looks=looks, fail_fast=fail_fast, cost=COSTS.__getitem__, failed=failed
    )


def test_all_open_gates_share_a_step():
    plan = schedule(fail_fast=False)
    steps = iter(plan)
    assert suites(next(steps)) == ["slow", "cheap", "middle"]
    plan.decided(results(cheap=Verdict.PASS))
    step = next(steps)
    assert suites(step) == ["slow", "middle"]
    assert step.share == 0.2


def test_a_run_ends_when_all_have_decided():
    plan = schedule(fail_fast=False)
    taken = []
    for step in plan:
        taken.append(step)
        plan.decided(results(slow=Verdict.PASS, cheap=Verdict.FAIL, middle=Verdict.ERROR))
    assert len(taken) == 1


def test_only_the_last_step_is_final():
    plan = schedule(fail_fast=True, looks=2)
    finals = []
    for step in plan:
        finals.append(step.final)
        plan.decided(results())
    assert finals == [False] * 5 + [True]


def test_cheap_suites_go_first_where_the_first_failure_ends_the_run():
    steps = list(zip(range(3), schedule(fail_fast=True), strict=False))
    assert [suites(step) for _, step in steps] == [["cheap"], ["middle"], ["slow"]]


def test_what_failed_last_time_goes_before_all_others():
    first = next(iter(schedule(fail_fast=True, failed=["slow"])))
    assert suites(first) == ["slow"]


def test_a_failed_gate_ends_the_run_at_once():
    plan = schedule(fail_fast=True)
    taken = []
    for step in plan:
        taken.append(step)
        plan.decided(results(cheap=Verdict.FAIL))
    assert len(taken) == 1


def test_the_display_names_what_did_not_pass():
    decided = [r for r in results(slow=Verdict.FAIL, cheap=Verdict.PASS) if r.suite != "middle"]
    text = verdicts(Progress(gates=3, decided=tuple(decided))).plain
    assert "2 of 3 gates decided" in text
    assert "✗ FAIL  slow, v2, at 10% of the samples" in text
    assert "✓ PASS  cheap" not in text
