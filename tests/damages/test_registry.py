"""Damages of packages: named beside the built-in ones, and never at the cost of a verdict."""

import ast
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import evalguard
from evalguard import plugins
from evalguard.damages import codes, find_damage
from evalguard.damages.built_in import BUILT_IN
from evalguard.errors import UsageError
from evalguard.gates.diagnose import diagnose
from evalguard.records import Ability, Severity, Verdict
from tests.reports import examples
from tests.reports.examples import gate_results, training_record

PLUGIN = """
import sys
from dataclasses import replace

from evalguard.damages import Damage, Lever, failed_gates
from evalguard.records import Ability, Severity

RUDENESS = Damage(
    code="rudeness",
    title="Rudeness",
    meaning="Answers are rude.",
    evidence=failed_gates(Ability.OTHER),
    data_cause="The rows are rude.",
    repair="Remove rude rows.",
    data_change="remove rude rows",
    levers=(Lever.REPLAY,),
)
LOSS = replace(RUDENESS, evidence=failed_gates(Ability.SAFETY, Ability.OTHER))


def fail(*_):
    raise RuntimeError("no such model")


RAISES = replace(RUDENESS, evidence=fail)
LEAVES = replace(RUDENESS, evidence=lambda case: sys.exit(0))
NOTHING = replace(RUDENESS, evidence=lambda case: None)
NO_GATES = replace(RUDENESS, evidence=lambda case: ["shouting"])
PASSED = replace(RUDENESS, evidence=lambda case: [g for g in case.gates if g.verdict == "PASS"])
OF_OTHERS = replace(RUDENESS, evidence=lambda case: [replace(case.failed()[0], model="other")])
NO_SEVERITY = replace(LOSS, severity=lambda gates: Severity.NONE)
ODD_SEVERITY = replace(LOSS, severity=lambda gates: "terrible")
SEVERITY_RAISES = replace(LOSS, severity=fail)
EXPLAINS_RAISES = replace(LOSS, explains=fail)
DETAIL_RAISES = replace(LOSS, detail=fail)
DETAIL_IS_NO_TEXT = replace(LOSS, detail=lambda case: 3)
RECORD_RAISES = replace(RUDENESS, recorded=fail)
RECORD_IS_NO_TEXT = replace(RUDENESS, recorded=lambda record: [3])
UNTITLED = replace(RUDENESS, title=None)
MEANINGLESS = replace(RUDENESS, meaning=" ")
ODD_LEVERS = replace(RUDENESS, levers=("replay",))
OTHER_CODE = replace(RUDENESS, code="manners")
HEALTHY = replace(RUDENESS, code="healthy")
CLAIMS_ALL = replace(LOSS, explains=lambda own, other, case: True)
"""

MODEL = "tickets-v2"
SAFETY = gate_results(examples.SAFETY)
OTHER = replace(gate_results(examples.SAFETY)[7], name="polite", ability=Ability.OTHER)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that registers one damage."""

    def install(target: str, code: str = "rudeness") -> None:
        info = tmp_path / "packages" / "manners-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "manners.py").write_text(PLUGIN)
        (info / "METADATA").write_text("Name: manners\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[evalguard.damages]\n{code} = {target}\n")
        monkeypatch.syspath_prepend(str(info.parent))
        plugins.points.cache_clear()

    yield install
    plugins.points.cache_clear()
    sys.modules.pop("manners", None)


def test_a_package_adds_a_damage(package):
    gates = (*gate_results(examples.HEALTHY), OTHER)
    (before,) = diagnose(gates, training={}).findings
    assert before.code == "unexplained"
    package("manners:RUDENESS")
    record = training_record(replay_share=0.0)
    found = diagnose(gates, training={MODEL: record})
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("rudeness", Severity.SEVERE)
    assert finding.explanation.startswith("Answers are rude. “polite” ")
    assert finding.config_changes == {"replay.share": 0.2, "data": "remove rude rows"}
    assert found.problems == ()


def test_a_loss_that_severe_forgetting_accounts_for_is_explained(package):
    package("manners:RUDENESS")
    findings = diagnose((*gate_results(examples.FORGETTING), OTHER), training={}).findings
    assert {f.code: f.explained_by for f in findings}["rudeness"] == "catastrophic_forgetting"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("manners:RAISES", "raised RuntimeError('no such model')"),
        ("manners:LEAVES", "raised SystemExit(0)"),
        ("manners:NOTHING", "raised TypeError"),
        ("manners:NO_GATES", "cites what is not a gate of the candidate"),
        ("manners:OF_OTHERS", "cites what is not a gate of the candidate"),
        ("manners:PASSED", "cites only gates that did not FAIL"),
        ("manners:NO_SEVERITY", "gives the severity"),
        ("manners:ODD_SEVERITY", "gives the severity 'terrible'"),
        ("manners:SEVERITY_RAISES", "raised RuntimeError"),
        ("manners:EXPLAINS_RAISES", "raised RuntimeError"),
        ("manners:DETAIL_RAISES", "raised RuntimeError"),
        ("manners:DETAIL_IS_NO_TEXT", "raised TypeError"),
        ("manners:RECORD_RAISES", "raised RuntimeError"),
        ("manners:RECORD_IS_NO_TEXT", "raised TypeError"),
        ("manners:UNTITLED", "without text for title"),
        ("manners:MEANINGLESS", "without text for meaning"),
        ("manners:ODD_LEVERS", "whose levers are not a tuple"),
        ("manners:OTHER_CODE", "whose code is 'manners'"),
        ("manners:PLUGIN", "cannot be loaded: AttributeError"),
        ("manners:fail", "is not an evalguard.damages.base.Damage"),
        ("absent:RUDENESS", "cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_broken_one_is_one_message_and_changes_no_other_finding(package, target, message):
    record = {MODEL: training_record()}
    before = diagnose(SAFETY, training=record)
    package(target)
    after = diagnose(SAFETY, training=record)
    assert after.findings == before.findings
    (problem,) = after.problems
    assert problem.startswith("not diagnosed: ")
    assert "rudeness" in problem
    assert message in problem


def test_it_cannot_say_that_a_candidate_is_healthy(package):
    package("manners:HEALTHY", code="healthy")
    found = diagnose(SAFETY, training={})
    assert [finding.code for finding in found.findings] == ["safety_loss"]
    assert "choose another name" in found.problems[0]


def test_it_replaces_no_built_in_damage(package):
    package("manners:RUDENESS", code="safety_loss")
    assert codes() == [damage.code for damage in BUILT_IN]
    assert [finding.code for finding in diagnose(SAFETY, training={}).findings] == ["safety_loss"]


def test_an_unknown_code_is_an_error():
    with pytest.raises(UsageError, match=r"no damage 'safty_loss'\. Did you mean 'safety_loss'"):
        find_damage("safty_loss")


def test_a_check_keeps_its_verdict(package, project):
    package("absent:RUDENESS")
    result = evalguard.check(project / "evalguard.yaml", progress=False)
    assert result.verdict is Verdict.PASS
    assert [finding.code for finding in result.findings] == ["healthy"]
    assert result.warnings[-1].startswith("not diagnosed: the entry point rudeness")


def test_nothing_else_names_a_damage():
    package = Path(evalguard.__file__).parent
    abilities_too = {"overfitting", "over_refusal"}
    names = {damage.code for damage in BUILT_IN} - abilities_too
    named = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        if not path.is_relative_to(package / "damages")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert not named, "ask the damage instead: evalguard.damages"


class TestCircles:
    def test_damages_that_explain_each_other_leave_the_first_standing(self, package):
        """One answer to the task and to the rows trained on is a collapse and overfitting."""
        gates = examples.with_one_answer(gate_results(examples.COLLAPSE), "Thank you.")
        pair = next(gate for gate in gates if gate.worst).worst[0]
        pairs = tuple(replace(pair, prompt=f"question {number}") for number in range(4))
        failed = next(gate for gate in gates if gate.ability is Ability.TASK)
        task = replace(failed, worst=pairs)
        heart = replace(task, name="by heart", suite="rows", ability=Ability.OVERFITTING)
        findings = diagnose((task, heart), training={}).findings
        assert [(one.code, one.explained_by) for one in findings] == [
            ("mode_collapse", None),
            ("overfitting", "mode_collapse"),
        ]

    def test_one_that_claims_all_is_explained_by_what_it_claims(self, package):
        package("manners:CLAIMS_ALL")
        findings = diagnose(gate_results(examples.FORGETTING), training={}).findings
        standing = {one.code for one in findings if one.explained_by is None}
        assert {one.explained_by for one in findings} - {None} <= standing
