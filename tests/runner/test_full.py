"""``--full`` after a check that could stop early, or before one, is no second chance at α."""

from __future__ import annotations

import pytest

import evalguard
from benchmarks.random_adapters import save_adapter
from evalguard.records import Verdict
from evalguard.stats import levels

pytestmark = pytest.mark.usefixtures("answered")


def check(project, *overrides, **options):
    (gate, *_) = evalguard.check(
        project / "evalguard.yaml",
        overrides=list(overrides),
        gates=["facts"],
        progress=False,
        **options,
    ).gates
    return gate


def test_all_samples_after_looks_are_one_look_more(project):
    looked = check(project)
    assert looked.shares[-1] < 1  # it stopped early
    full = check(project, full=True)
    assert full.n == full.n_planned
    assert full.shares == (*looked.shares, 1.0)
    assert full.alpha_pass == pytest.approx(levels(full.shares, 0.05, reserve=0.02)[-1])
    assert full.alpha_pass < check(project, "seed=1", full=True).alpha_pass


def test_it_stays_so_however_often_either_is_repeated(project):
    check(project)
    first = check(project, full=True)
    for again in (check(project, full=True), check(project), check(project, full=True)):
        assert (again.shares, again.alpha_pass) == (first.shares, first.alpha_pass)
        assert (again.verdict, again.n) == (first.verdict, first.n)


def test_looks_after_all_samples_decide_nothing_before_them(project):
    full = check(project, full=True)
    assert full.shares == (1.0,)
    later = check(project)
    assert (later.shares, later.alpha_pass, later.n) == ((1.0,), full.alpha_pass, full.n)
    assert later.verdict is full.verdict is Verdict.PASS


def test_the_same_check_again_takes_the_same_looks(project):
    first, again = check(project), check(project)
    assert (first.shares, first.verdict, first.n) == (again.shares, again.verdict, again.n)


def test_without_a_reserve_too(project):
    looked = check(project, "reserve=0")
    full = check(project, "reserve=0", full=True)
    assert full.alpha_pass == pytest.approx(levels((*looked.shares, 1.0), 0.05)[-1])


def test_with_early_spending_too(project):
    early = ("reserve=0", "spending=early")
    looked = check(project, *early)
    assert looked.shares[-1] < 1
    full = check(project, *early, full=True)
    shares = (*looked.shares, 1.0)
    assert full.alpha_pass == pytest.approx(levels(shares, 0.05, spending="early")[-1])
    assert full.alpha_pass < levels(shares, 0.05)[-1]


def test_looks_of_a_candidate_count_though_another_was_first_asked_otherwise(
    project, edit, demo_model
):
    check(project)
    save_adapter(demo_model, project / "adapters/later", scale=1e-2, seed=5)
    edit(
        "evalguard.yaml",
        "harmless: {adapter: adapters/harmless}",
        "harmless: {adapter: adapters/harmless}\n  later: {adapter: adapters/later}",
    )
    edit("thresholds/release.yaml", "max_drop: 10pp", "max_drop: 9pp")

    def of_later(**options):
        result = evalguard.check(project / "evalguard.yaml", progress=False, **options)
        said = [text for text in result.warnings if "changed since" in text]
        assert len(said) == 1
        assert "first check of harmless" in said[0]
        return next(gate for gate in result.gates if gate.id.endswith("[later]"))

    looked = of_later()
    assert looked.shares[-1] < 1
    assert of_later(full=True).shares == (*looked.shares, 1.0)
