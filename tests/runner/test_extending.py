"""An inconclusive gate is extended: what is added, what is decided, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import evalguard
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import UsageError
from evalguard.records import GateResult, Verdict
from evalguard.stats import combined_pvalue
from evalguard.store import SampleStore
from evalguard.store.seals import KEY_VARIABLE
from evalguard.store.tables import STAGES
from tests.conftest import write_jsonl
from tests.scripted_engine import knows
from tests.store.tampering import forge_facts

ROWS = 400
PLANNED = 40


def row(index):
    return {"question": f"What is item {index:03}?", "answer": f"thing{index:03}"}


@pytest.fixture
def answers(script):
    """Say which of the questions the candidate does not answer."""

    def leave_out(wrong):
        known = {one["question"]: one["answer"] for one in map(row, range(ROWS))}
        left = {q: said for index, (q, said) in enumerate(known.items()) if index not in wrong}
        script.opens(lambda _: FakeEngine({BASE: knows(known), "harmless": knows(left)}))

    leave_out({0, 1})
    return leave_out


@pytest.fixture
def extensible(project, edit, answers):
    """A project with one gate on the first 40 of 400 questions, two of which are lost."""
    write_jsonl(project / "suites" / "facts.jsonl", list(map(row, range(ROWS))))
    edit("suites/facts.yaml", "data: facts.jsonl", f"data: facts.jsonl\n    limit: {PLANNED}")
    edit("thresholds/release.yaml", "  - {name: no forgetting, suite: general, "
         "metric: acc, max_drop: 10pp}\n", "")  # fmt: skip
    return project


def check(project, *overrides, **options) -> GateResult:
    return whole(project, *overrides, **options).gates[0]


def whole(project, *overrides, **options):
    return evalguard.check(
        project / "evalguard.yaml",
        overrides=["engine.name=scripted", *overrides],
        progress=False,
        **options,
    )


def test_an_extension_decides_with_the_planned_samples(extensible):
    before = check(extensible)
    assert before.verdict is Verdict.INCONCLUSIVE
    assert "evalguard check --extend" in before.reason
    result = whole(extensible, extend=200)
    after = result.gates[0]
    assert after.verdict is Verdict.PASS
    assert after.reason.endswith("decided by extension 1")
    planned, extension = after.stages
    assert (planned.n, planned.p_pass) == (PLANNED, before.p_pass)
    assert extension.n_planned == 200
    share = extension.n / extension.n_planned
    combined = combined_pvalue([planned.p_pass, extension.p_pass], [1, share])
    assert after.p_pass == pytest.approx(combined)
    assert after.alpha < 0.01
    assert after.losses == 2
    (run,) = (task for task in result.tasks if task.model == "harmless")
    assert run.reused == PLANNED
    assert run.planned == PLANNED + 200


def test_the_verdict_stays_when_it_is_checked_again(extensible, script):
    check(extensible)
    after = check(extensible, extend=200)
    script.forget()
    again = check(extensible)
    assert (again.verdict, again.p_pass, again.stages) == (
        after.verdict,
        after.p_pass,
        after.stages,
    )
    assert not script.asked
    assert check(extensible, extend=100).stages == after.stages  # nothing is undecided


def test_an_extension_that_shows_nothing_may_be_extended_again(extensible, answers):
    check(extensible)
    answers({0, 1, 41})
    second = check(extensible, extend=30)
    assert second.verdict is Verdict.INCONCLUSIVE
    assert (second.n, second.shares[-1]) == (70, 2.0)
    third = check(extensible, extend=300)
    assert [stage.n_planned for stage in third.stages] == [40, 30, 300]
    assert third.verdict is Verdict.PASS
    assert third.reason.endswith("decided by extension 2")


def test_rows_that_are_added_to_the_data_extend_it_too(project, edit, extensible):
    edit("suites/facts.yaml", f"    limit: {PLANNED}\n", "")
    data = project / "suites" / "facts.jsonl"
    write_jsonl(data, list(map(row, range(PLANNED))))
    assert check(extensible).verdict is Verdict.INCONCLUSIVE
    with pytest.raises(UsageError, match="has 0 samples that were not measured yet; add rows"):
        check(extensible, extend=200)
    with data.open("a") as file:
        file.writelines(json.dumps(row(index)) + "\n" for index in range(PLANNED, 240))
    after = check(extensible, extend=200)
    assert after.verdict is Verdict.PASS
    assert after.stages[1].n_planned == 200


def test_nothing_is_extended_that_was_not_checked(extensible):
    with pytest.raises(UsageError, match="harmless was not checked before"):
        check(extensible, extend=100)


def test_more_than_there_is_cannot_be_added(extensible):
    check(extensible)
    with pytest.raises(UsageError, match="'facts' has 360 samples that were not measured"):
        check(extensible, extend=1000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("thresholds/release.yaml", "max_drop: 10pp", "max_drop: 12pp"), "max_drop 12pp"),
        (
            ("thresholds/release.yaml", "gates:", "confidence_level: 0.9\ngates:"),
            "confidence_level",
        ),
        (("suites/facts.yaml", "[exact_match]", "[exact_match, contains]"), "facts/"),
    ],
)
def test_a_changed_gate_or_task_is_not_extended(extensible, edit, change, said):
    check(extensible)
    edit(*change)
    with pytest.raises(UsageError, match="--extend 200") as caught:
        check(extensible, extend=200)
    assert said in str(caught.value)


def test_another_candidate_under_the_same_name_is_not_extended(extensible, demo_model):
    from benchmarks.random_adapters import save_adapter

    check(extensible)
    save_adapter(demo_model, extensible / "adapters" / "harmless", scale=1e-2, seed=5)
    with pytest.raises(UsageError, match="was not checked before"):
        check(extensible, extend=200)


def test_a_changed_reserve_is_refused(extensible):
    check(extensible)
    with pytest.raises(UsageError, match=r"reserve was 0\.02 .* is 0\.3"):
        check(extensible, "reserve=0.3", extend=200)


def test_a_changed_spending_is_refused(extensible):
    check(extensible)
    with pytest.raises(UsageError, match=r"spending was late .* is early"):
        check(extensible, "spending=early", extend=200)


def test_without_a_reserve_there_is_no_extension(extensible):
    before = check(extensible, "reserve=0")
    assert "--extend" not in before.reason
    with pytest.raises(UsageError, match="reserved no α"):
        check(extensible, "reserve=0", extend=200)


def test_changed_rows_are_refused(extensible):
    check(extensible)
    rows = [{**row(0), "answer": "another"}, *map(row, range(1, ROWS))]
    write_jsonl(extensible / "suites" / "facts.jsonl", rows)
    with pytest.raises(UsageError, match="no longer in its data, or changed"):
        check(extensible, extend=200)


def test_an_extension_is_recorded_before_its_first_sample(extensible, script):
    """One that was tried and interrupted is not forgotten: it has to be ended as it was asked."""
    check(extensible)
    script.opens(lambda _: FakeEngine({}, fails_after=0))
    with pytest.raises(evalguard.EvalGuardError):
        check(extensible, extend=200)
    with pytest.raises(UsageError, match="an extension of 200 samples is under way"):
        check(extensible, extend=100)


def test_the_record_outlives_the_samples(extensible):
    check(extensible)
    after = check(extensible, extend=200)
    with SampleStore(str(extensible / ".evalguard" / "store.db")) as store:
        store.prune([run.fingerprint for run in store.runs()])
    again = check(extensible)
    assert (again.verdict, again.stages) == (after.verdict, after.stages)


def test_a_record_that_was_forged_is_reported_and_not_replaced(extensible, answers, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "0" * 64)
    planned = check(extensible)
    answers(set(range(0, ROWS, 3)))
    check(extensible, extend=200)
    path = extensible / ".evalguard" / "store.db"
    assert forge_facts(path, STAGES, "{}") == 1
    for _ in range(2):  # the first check keeps nothing in its place
        result = whole(extensible)
        assert any("earlier decisions on harmless cannot be read" in one for one in result.warnings)
        assert result.gates[0].verdict is planned.verdict is Verdict.INCONCLUSIVE
    with pytest.raises(UsageError, match="nothing to extend"):
        check(extensible, extend=200)


def test_scores_that_changed_are_not_added_to(extensible, answers):
    """The same samples measured again give another p-value: then nothing may be added."""
    check(extensible)
    with SampleStore(str(extensible / ".evalguard" / "store.db")) as store:
        store.prune([run.fingerprint for run in store.runs()])
    answers({0, 1, 2})
    with pytest.raises(UsageError, match="Their scores changed"):
        check(extensible, extend=200)


def test_the_next_candidate_is_planned_by_what_earlier_ones_showed(extensible, edit):
    """Two of 40 were lost: up to one in ten may differ, and 40 samples are too few."""
    from click.testing import CliRunner

    from evalguard.cli.power import command

    def said(*arguments):
        config = ["--config", str(extensible / "evalguard.yaml")]
        return CliRunner().invoke(command, [*config, *arguments], standalone_mode=False).output

    assert "run evalguard check" in said()
    check(extensible)
    assert "facts::exact_match: differed on 5.0% of the samples (up to 10.4%)" in said()
    (plan,) = json.loads(said("--json"))
    assert plan["n"] == PLANNED
    assert plan["required_n"] > 60
    assert plan["power"] < 0.8


def test_an_extension_keeps_the_share_of_the_error(extensible):
    other = "candidates.other.adapter=adapters/harmful"
    whole(extensible, other, candidates=["harmless"], selection="any")
    with pytest.raises(
        UsageError, match=r"candidates that share α was 2 when .* is 1; set it back"
    ):
        whole(extensible, other, candidates=["harmless"], selection="each", extend=200)
    with pytest.raises(
        UsageError, match=r"candidates that share α was 2 when .* is 1; set it back"
    ):
        whole(extensible, selection="any", extend=200)


def _renamed_candidate(project):
    file = project / "evalguard.yaml"
    file.write_text(file.read_text().replace("harmless: {", "renamed: {"))
    return project


def _renamed_thresholds(project):
    (project / "thresholds/release.yaml").rename(project / "thresholds/other.yaml")
    file = project / "evalguard.yaml"
    file.write_text(file.read_text().replace("thresholds: release", "thresholds: other"))
    return project


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.rename(project.with_name(f"{project.name} elsewhere")),
        lambda project: shutil.copytree(project, project.with_name(f"{project.name} elsewhere")),
        _renamed_candidate,
        _renamed_thresholds,
    ],
    ids=["moved", "copied", "candidate renamed", "thresholds renamed"],
)
def test_what_was_decided_stays_whatever_the_project_is_called(extensible, change, script):
    check(extensible)
    after = check(extensible, extend=200)
    script.forget()
    again = check(change(extensible))
    assert (again.verdict, again.stages) == (after.verdict, after.stages)
    assert not script.asked


def test_what_was_decided_stays_from_another_working_directory(extensible, monkeypatch):
    check(extensible)
    after = check(extensible, extend=200)
    monkeypatch.chdir(extensible.parent)
    again = check(Path(extensible.name))
    assert (again.verdict, again.stages) == (after.verdict, after.stages)
