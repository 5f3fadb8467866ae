"""The candidates of a project share the error of PASS, whichever of them a check selects."""

from __future__ import annotations

import pytest

import evalguard
from evalguard.cli import main
from evalguard.errors import UsageError
from evalguard.stats import levels

pytestmark = pytest.mark.usefixtures("scripted")

THREE = (
    "candidates.harmful.adapter=adapters/harmful",
    "candidates.again.quantization=none",
    "candidates.again.adapter=adapters/harmless",
)


def check(project, *overrides, **options):
    return evalguard.check(
        project / "evalguard.yaml",
        overrides=[*THREE, *overrides],
        candidates=["harmless"],
        progress=False,
        **options,
    )


def said(result) -> list[str]:
    return [text for text in result.warnings if text.startswith("changed since the first check")]


def test_each_candidate_has_all_of_the_error_by_default(project):
    result = check(project)
    assert {gate.sharing for gate in result.gates} == {1}
    assert all(gate.alpha_pass == gate.alpha for gate in result.gates)


@pytest.mark.parametrize("way", ["file", "override", "argument", "loaded"])
def test_one_checked_alone_shares_with_those_that_are_not(project, way):
    if way == "file":
        file = project / "evalguard.yaml"
        file.write_text(file.read_text() + "\nselection: any\n")
    if way == "loaded":
        loaded = evalguard.load_project(project / "evalguard.yaml", overrides=list(THREE))
        result = evalguard.check(loaded, candidates=["harmless"], selection="any", progress=False)
    else:
        override = ["selection=any"] if way == "override" else []
        result = check(project, *override, selection="any" if way == "argument" else None)
    for gate in result.gates:
        assert gate.sharing == 3
        assert gate.alpha_pass == levels(gate.shares, 0.05 / 3, reserve=0.02)[-1]


def test_the_argument_overrides_the_file(project):
    result = check(project, "selection=any", selection="each")
    assert {gate.sharing for gate in result.gates} == {1}


def test_another_selection_after_a_look_is_said(project):
    assert said(check(project, selection="any")) == []
    (text,) = said(check(project, selection="each"))
    assert "selection was any of 3 candidates, is each" in text
    (text,) = said(check(project, "candidates.fourth.adapter=adapters/harmful", selection="any"))
    assert "selection was any of 3 candidates, is any of 4 candidates" in text
    assert said(check(project, selection="any")) == []


def test_more_candidates_change_nothing_where_each_stands_for_itself(project):
    assert said(check(project)) == []
    assert said(check(project, "candidates.fourth.adapter=adapters/harmful")) == []


@pytest.mark.parametrize("selection", ["some", "", "ANY", 3])
def test_an_unknown_selection_is_refused(project, selection):
    with pytest.raises(UsageError, match="selection"):
        check(project, selection=selection)


def test_the_command_line_takes_it(project, monkeypatch):
    monkeypatch.chdir(project)
    options = [part for one in THREE for part in ("--set", one)]
    main(["check", *options, "--selection", "any", "-k", "harmless", "--json", "result.json"])
    result = evalguard.read_result("result.json")
    assert {gate.sharing for gate in result.gates} == {3}


def test_the_power_that_is_planned_is_that_of_the_share(project):
    def warned(selection):
        found = check(project, selection=selection).warnings
        return [text for text in found if "plan at least" in text]

    few, many = (sum(_needed(text) for text in warned(one)) for one in ("each", "any"))
    assert many > few


def _needed(text: str) -> int:
    return int(text.split("plan at least ")[1].split(maxsplit=1)[0].replace(",", ""))
