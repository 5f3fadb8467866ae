"""Engines of other packages, and an engine that is given in Python."""

import sys

import pytest

import evalguard
from evalguard import plugins
from evalguard.engines import registry
from evalguard.engines.base import BASE, choice, generation
from evalguard.engines.fake import FakeEngine
from evalguard.errors import EngineError, UsageError

PLUGIN = """
from evalguard import EngineKind, FakeEngine
from evalguard.engines.availability import Availability

RIGHT = {RIGHT}


def load(settings):
    return FakeEngine({{"(base)": answer}})


def answer(prompt):
    return next((right for question, right in RIGHT.items() if question in prompt), "?")


KIND = EngineKind(
    name="scripted",
    open=load,
    availability=lambda: Availability("scripted", True, "scripted 1.0", "answers by a script"),
)
NO_KIND = "scripted"
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install a package that registers an engine, with right answers to all that it is asked."""

    def install(right: dict[str, str], target: str = "scripted_engine:KIND") -> None:
        folder = tmp_path / "packages"
        info = folder / "scripted_engine-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / "scripted_engine.py").write_text(PLUGIN.format(RIGHT=right))
        (info / "METADATA").write_text("Name: scripted-engine\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[evalguard.engines]\nscripted = {target}\n")
        monkeypatch.syspath_prepend(str(folder))
        plugins.points.cache_clear()

    yield install
    plugins.points.cache_clear()
    sys.modules.pop("scripted_engine", None)


def facts(project):
    import json

    lines = (project / "suites" / "facts.jsonl").read_text().splitlines()
    return {row["question"].strip(): row["answer"] for row in map(json.loads, lines)}


def test_a_project_runs_on_the_engine_of_a_package(project, plugin):
    plugin(facts(project))
    result = evalguard.check(
        project / "evalguard.yaml", overrides=["engine={name: scripted}"], progress=False
    )
    assert result.environment["engine"] == "scripted"
    assert result.verdict is evalguard.Verdict.PASS
    assert {gate.baseline for gate in result.gates if gate.suite == "facts"} == {1.0}


def test_it_is_listed(plugin, capsys):
    plugin({})
    assert evalguard_command(["engines"], capsys).count("answers by a script") == 1


def evalguard_command(arguments, capsys):
    from evalguard.cli import main

    assert main(arguments) == 0
    return capsys.readouterr().out


def test_what_is_no_kind_is_an_error(plugin):
    plugin({}, target="scripted_engine:NO_KIND")
    with pytest.raises(UsageError, match=r"scripted_engine:NO_KIND of .* is no .*EngineKind"):
        registry.find_kind("scripted")


def test_a_name_that_no_one_registers_is_an_error(plugin):
    plugin({})
    with pytest.raises(UsageError, match="Did you mean 'scripted'"):
        registry.find_kind("script")


class TestFakeEngine:
    def test_it_answers_for_each_model(self):
        engine = FakeEngine({BASE: lambda prompt: "no", "v2": str.upper})
        engine.load_adapter("v2", "adapters/v2")
        asked = [(BASE, generation("why", tokens=4)), ("v2", generation("why", tokens=4))]
        assert engine.respond(asked) == ["no", "WHY"]
        assert [model for model, _ in engine.asked] == [BASE, "v2"]

    def test_what_it_would_write_is_the_likeliest_choice(self):
        engine = FakeEngine({BASE: lambda prompt: "Paris"})
        right, wrong = engine.respond([(BASE, choice("?", c)) for c in (" Paris", " Oslo")])
        assert right == (0.0, True)
        assert wrong == (-6.0, False)

    def test_it_breaks_where_its_script_says(self):
        engine = FakeEngine({BASE: str.lower}, fails_after=1)
        answers = engine.stream([(BASE, generation(text, tokens=1)) for text in "AB"])
        assert next(answers) == (0, "a")
        with pytest.raises(EngineError, match="broke"):
            next(answers)

    def test_a_refused_prompt_is_an_error_of_that_prompt(self):
        engine = FakeEngine({BASE: lambda prompt: EngineError("filtered")})
        assert [str(outcome) for _, outcome in engine.stream([(BASE, generation("x", tokens=1))])]
        with pytest.raises(EngineError, match="filtered"):
            engine.respond([(BASE, generation("x", tokens=1))])

    def test_a_model_that_is_not_loaded_is_an_error(self):
        with pytest.raises(EngineError, match="not loaded"):
            FakeEngine({BASE: str.lower}).respond([("v2", generation("x", tokens=1))])

    def test_it_needs_a_baseline(self):
        with pytest.raises(ValueError, match="baseline"):
            FakeEngine({"v2": str.lower})


class TestGivenEngine:
    def test_a_loss_fails_and_is_not_stored(self, project):
        right = facts(project)

        def answer(prompt):
            return next(answer for question, answer in right.items() if question in prompt)

        lost = evalguard.check(
            project / "evalguard.yaml",
            gates=["facts"],
            engine=FakeEngine({BASE: answer, "harmless": lambda prompt: "?"}),
            progress=False,
        )
        assert lost.verdict is evalguard.Verdict.FAIL
        assert lost.environment["engine choice"] == "given by the caller"
        kept = evalguard.check(
            project / "evalguard.yaml",
            gates=["facts"],
            engine=FakeEngine({BASE: answer}),
            progress=False,
        )
        assert kept.verdict is evalguard.Verdict.PASS
        assert kept.timing["samples_reused"] == 0
        assert not (project / ".evalguard").exists()
