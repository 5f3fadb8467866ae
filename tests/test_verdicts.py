"""One rule says what blocks a release, what is overall and which exit code follows."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from evalguard.errors import ExitCode, UsageError
from evalguard.records import CheckResult, GateResult, Role, Verdict
from evalguard.reports import wording
from evalguard.verdicts import EXIT_CODES, blocking, exit_code, overall

PASS, FAIL, INCONCLUSIVE, ERROR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR
GUARD, TRIPWIRE = Role.GUARD, Role.TRIPWIRE


def gate(verdict, role=GUARD, name="a", model="v2"):
    return GateResult(
        name=name, suite=name, metric="m", model=model, verdict=verdict, reason="", role=role
    )


def check(gates, on_inconclusive="fail"):
    verdict, decided_by = overall(gates)
    return CheckResult(
        verdict=verdict, gates=tuple(gates), findings=(), models=(), tasks=(), environment={},
        timing={}, decided_by=decided_by, on_inconclusive=on_inconclusive,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([PASS, PASS], PASS),
        ([PASS, INCONCLUSIVE], INCONCLUSIVE),
        ([INCONCLUSIVE, ERROR], ERROR),
        ([ERROR, FAIL, PASS], FAIL),
    ],
)
def test_the_worst_verdict_counts(verdicts, expected):
    results = [gate(verdict, name=str(index)) for index, verdict in enumerate(verdicts)]
    verdict, decided_by = overall(results)
    assert verdict is expected
    decisive = next((r.id for r in results if r.verdict is expected), None)
    assert decided_by == (None if expected is PASS else decisive)


@pytest.mark.parametrize(
    ("verdict", "expected"), [(FAIL, FAIL), (ERROR, ERROR), (INCONCLUSIVE, PASS), (PASS, PASS)]
)
def test_a_tripwire_only_must_not_fail(verdict, expected):
    results = [gate(PASS), gate(verdict, TRIPWIRE, "b")]
    assert overall(results)[0] is expected
    assert exit_code(check(results)) is EXIT_CODES[expected]


def test_nothing_gated_is_no_pass():
    with pytest.raises(UsageError, match="no gate was decided"):
        overall([])


def test_undecided_tripwires_alone_show_nothing():
    results = [gate(INCONCLUSIVE, TRIPWIRE, "a"), gate(INCONCLUSIVE, TRIPWIRE, "b")]
    assert overall(results) == (INCONCLUSIVE, results[0].id)
    assert exit_code(check(results)) is ExitCode.INCONCLUSIVE
    assert wording.headline(check(results)) == "v2: inconclusive, do not release yet"


def test_what_passed_of_one_candidate_shows_nothing_of_another():
    results = [gate(PASS, model="v1"), gate(INCONCLUSIVE, TRIPWIRE, model="v2")]
    assert overall(results)[0] is INCONCLUSIVE
    assert blocking(results) == (results[1],)


@pytest.mark.parametrize("on_inconclusive", ["fail", "warn"])
def test_every_view_of_three_gates_agrees(on_inconclusive):
    for kinds in product(product(Verdict, Role), repeat=3):
        results = [gate(verdict, role, str(i)) for i, (verdict, role) in enumerate(kinds)]
        result, against = check(results, on_inconclusive), blocking(results, on_inconclusive)
        code = exit_code(result)
        assert (code is ExitCode.PASS) == (not against)
        if against:
            assert code is EXIT_CODES[result.verdict] is EXIT_CODES[against[0].verdict]
        else:
            assert not {FAIL, ERROR} & {one.verdict for one in results}
            assert result.verdict is PASS or on_inconclusive == "warn"
        if result.verdict is PASS:
            assert PASS in {one.verdict for one in results}
            assert all(one.verdict is PASS for one in results if one.role is GUARD)
        assert ("may be released" in wording.headline(result)) == (result.verdict is PASS)


@pytest.mark.parametrize("left_out", [{"v2": 3}, {"v3": 9}])
def test_a_part_of_the_gates_has_an_exit_code_of_its_own(left_out):
    part = replace(check([gate(PASS)]), left_out=left_out)
    assert exit_code(part) is ExitCode.PARTIAL
    assert exit_code(part, allow_partial=True) is ExitCode.PASS
    for verdict in (FAIL, ERROR, INCONCLUSIVE):
        worse = replace(check([gate(verdict)]), left_out=left_out)
        assert exit_code(worse, allow_partial=True) is exit_code(worse) is EXIT_CODES[verdict]
    warned = replace(check([gate(INCONCLUSIVE)], "warn"), left_out=left_out)
    assert exit_code(warned) is ExitCode.PARTIAL


def seed(verdict, number, role=GUARD):
    return replace(gate(verdict, role, model=f"v2.seed{number}"), recipe="v2")


@pytest.mark.parametrize("role", [GUARD, TRIPWIRE])
@pytest.mark.parametrize(
    ("seeds", "recipe", "expected"),
    [
        ((PASS, PASS), PASS, PASS),
        ((PASS, INCONCLUSIVE), PASS, PASS),
        ((INCONCLUSIVE, INCONCLUSIVE), PASS, PASS),
        ((PASS, PASS), INCONCLUSIVE, INCONCLUSIVE),
        ((PASS, FAIL), PASS, FAIL),
        ((PASS, ERROR), PASS, ERROR),
        ((PASS, PASS), None, PASS),
        ((PASS, INCONCLUSIVE), None, INCONCLUSIVE),
    ],
)
def test_of_a_recipe_the_gate_over_its_seeds_decides(seeds, recipe, expected, role):
    gates = [seed(verdict, number, role) for number, verdict in enumerate(seeds)]
    gates += [] if recipe is None else [gate(recipe, role)]
    assert overall(gates)[0] is expected


def test_the_gate_of_another_recipe_spares_no_seed():
    gates = [seed(INCONCLUSIVE, 1), gate(PASS, model="v3"), gate(PASS, name="b")]
    assert overall(gates)[0] is INCONCLUSIVE
