"""EvalGuard's own functions are held against its files where code of a project runs."""

import builtins
from unittest.mock import Mock

import pytest

import evalguard
from evalguard.cli import main
from evalguard.code.replaced import replaced
from evalguard.errors import TrustError
from evalguard.gates import vacuous
from evalguard.gates.results import not_run_result
from evalguard.runner import deciding
from evalguard.scorers import binding
from evalguard.scorers.binding import Scorer
from evalguard.store.seals import Seals

SCORER = (
    "from evalguard.scorers import scorer\n\n\n@scorer(name='own_for_replaced')\n"
    "def own(output: str, target: str) -> bool:\n    return output.strip() == target\n"
)


def test_nothing_is_replaced_by_evalguard_itself(project):
    evalguard.check(project / "evalguard.yaml", progress=False)
    assert list(replaced()) == []


def another(*arguments):
    return arguments


@pytest.mark.parametrize(
    ("owner", "name", "value", "said"),
    [
        (deciding, "compare", another, "evalguard.runner.deciding.compare"),
        (deciding, "compare", Mock(), "evalguard.runner.deciding.compare"),
        (deciding, "error_result", not_run_result, "evalguard.runner.deciding.error_result"),
        (vacuous, "refuse_vacuous", lambda result, *_, **__: result, "vacuous.refuse_vacuous"),
        (vacuous, "_SHOWN", 61, "evalguard.gates.vacuous._SHOWN"),
        (Scorer, "score", another, "evalguard.scorers.binding.Scorer.score"),
        (Scorer, "metrics", property(another), "evalguard.scorers.binding.Scorer.metrics"),
        (Seals, "of_environment", classmethod(another), "store.seals.Seals.of_environment"),
        (binding, "Scorer", type("Scorer", (), {}), "evalguard.scorers.binding.Scorer"),
        (binding, "math", Mock(), "evalguard.scorers.binding.math"),
        (not_run_result, "__code__", (lambda gate, model: None).__code__, "not_run_result"),
        (builtins, "abs", lambda one: one, "builtins.abs"),
    ],
)
def test_what_was_replaced_is_named(monkeypatch, owner, name, value, said):
    monkeypatch.setattr(owner, name, value)
    assert any(found.endswith(said) for found in replaced()), list(replaced())


def test_a_built_in_function_of_one_module_counts(monkeypatch):
    monkeypatch.setattr(binding, "float", another, raising=False)
    assert "evalguard.scorers.binding.float" in replaced()


def test_a_scorer_that_replaces_something_is_an_error(scripted, edit, monkeypatch):
    (scripted / "own.py").write_text(SCORER)
    edit("evalguard.yaml", "suites:", "scorer_modules: [own.py]\nsuites:")
    assert evalguard.check(scripted / "evalguard.yaml", progress=False).verdict == "PASS"
    monkeypatch.setattr(deciding, "error_result", not_run_result)  # as the module might
    with pytest.raises(TrustError, match=r"own code was replaced.*deciding\.error_result"):
        evalguard.check(scripted / "evalguard.yaml", progress=False)


def test_a_conftest_is_in_the_key_and_must_replace_nothing(scripted, monkeypatch, capsys):
    monkeypatch.chdir(scripted)
    conftest = scripted / "conftest.py"

    def reused():
        assert main(["check", "--full", "--json", "result.json"]) == 0
        result = evalguard.read_result("result.json")
        return result.timing["samples_reused"] / result.timing["samples"]

    assert reused() == 0
    assert reused() == 1
    conftest.write_text("SCALE = 1\n")
    assert reused() == 0
    assert reused() == 1
    conftest.write_text("SCALE = 2\n")
    assert reused() == 0
    conftest.unlink()
    assert reused() == 1
    monkeypatch.setattr(deciding, "error_result", not_run_result)
    conftest.write_text("SCALE = 1\n")
    assert main(["check"]) == 3
    assert "own code was replaced" in " ".join(capsys.readouterr().out.split())


def test_what_was_replaced_is_named_where_it_leads_to_an_error(project, edit, monkeypatch, capsys):
    monkeypatch.chdir(project)
    monkeypatch.setattr(binding, "MAX_OUTPUT_CHARS", 3)
    assert main(["check"]) == 4  # there is no code of the project
    (project / "conftest.py").write_text("SCALE = 1\n")
    capsys.readouterr()
    assert main(["check"]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "scorers.binding.MAX_OUTPUT_CHARS" in said
    assert "rows of suites/facts.jsonl cannot be used" in said
    (project / "conftest.py").unlink()
    (project / "own.py").write_text(SCORER.replace("own_for_replaced", "own_before_an_error"))
    edit("evalguard.yaml", "suites:", "scorer_modules: [own.py]\nsuites:")
    with pytest.raises(TrustError, match=r"scorers\.binding\.MAX_OUTPUT_CHARS"):
        evalguard.check(project / "evalguard.yaml", progress=False)
