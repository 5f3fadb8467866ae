"""Engines of other packages, and an engine that is given in Python."""

import math
import sys
from collections.abc import Mapping
from typing import Any

import pytest

import evalguard
from evalguard import plugins
from evalguard.engines import registry
from evalguard.engines.base import BASE, AdapterCheck, choice, generation
from evalguard.engines.fake import FakeEngine
from evalguard.errors import ConfigError, EngineError, ModelError, TrustError, UsageError
from tests.scripted_engine import knows

PLUGIN = """
from dataclasses import replace
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
ASKS = replace(KIND, remote=True)
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


def test_a_project_runs_on_the_engine_of_a_package(project, facts, plugin):
    plugin(facts)
    result = evalguard.check(
        project / "evalguard.yaml", overrides=["engine={name: scripted}"], progress=False
    )
    assert result.environment["engine"] == "scripted"
    assert result.verdict is evalguard.Verdict.PASS
    assert {gate.baseline for gate in result.gates if gate.suite == "facts"} == {1.0}


@pytest.mark.parametrize("kind", ["ASKS", "KIND"])
def test_each_model_has_options_of_its_own_where_an_engine_asks_a_server(project, plugin, kind):
    plugin({}, f"scripted_engine:{kind}")
    overrides = [
        "engine={name: scripted, options: {region: north, model: base}}",
        "candidates={v2: {model: v2, server: {region: south, model: tuned}}}",
    ]

    def options() -> Mapping[str, Any]:
        loaded = evalguard.load_project(project / "evalguard.yaml", overrides=overrides)
        return loaded.models["v2"].engine.options

    if kind == "ASKS":
        assert options() == {"region": "south", "model": "tuned"}
    else:
        with pytest.raises(ConfigError, match=r"v2\.server: needs .* 'scripted'"):
            options()


def test_it_is_listed(plugin, capsys):
    plugin({})
    assert evalguard_command(["engines"], capsys).count("answers by a script") == 1


def evalguard_command(arguments, capsys):
    from evalguard.cli import main

    assert main(arguments) == 0
    return capsys.readouterr().out


def test_what_is_no_kind_is_an_error(plugin):
    plugin({}, target="scripted_engine:NO_KIND")
    with pytest.raises(UsageError, match=r"scripted_engine:NO_KIND of .* is not an .*EngineKind"):
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

    def test_it_breaks_where_a_function_raises(self):
        def answer(prompt):
            if prompt == "deadly":
                raise EngineError("out of memory")
            return prompt.upper()

        engine = FakeEngine({BASE: answer})
        answers = engine.stream([(BASE, generation(text, tokens=1)) for text in ("a", "deadly")])
        assert next(answers) == (0, "A")
        with pytest.raises(EngineError, match="out of memory"):
            next(answers)

    @pytest.mark.parametrize("kind", [ModelError, TrustError])
    def test_an_adapter_that_its_script_refuses_is_not_loaded(self, kind):
        engine = FakeEngine({BASE: str.lower}, adapters={"v2": kind("it changes nothing")})
        with pytest.raises(kind, match="changes nothing"):
            engine.load_adapter("v2", "adapters/v2")
        assert engine.models == (BASE,)

    def test_it_tells_what_was_found_of_an_adapter(self):
        found = AdapterCheck(effect=0.5, notes=("two layers are skipped",))
        engine = FakeEngine({BASE: str.lower}, adapters={"v2": found})
        assert engine.load_adapter("v2", "adapters/v2") is found
        assert engine.load_adapter("v3", "adapters/v3").effect == 1.0
        assert engine.models == (BASE, "v2", "v3")

    def test_a_likelihood_that_is_no_number_is_an_error_of_that_prompt(self):
        engine = FakeEngine({BASE: str.lower}, likelihoods={BASE: lambda *_: math.nan})
        [(_, outcome)] = engine.stream([(BASE, choice("?", "yes"))])
        assert isinstance(outcome, EngineError)
        assert "a log-likelihood is NaN" in str(outcome)

    def test_it_needs_a_baseline(self):
        with pytest.raises(ValueError, match="baseline"):
            FakeEngine({"v2": str.lower})


class TestGivenEngine:
    def test_a_loss_fails_and_is_not_stored(self, project, facts):
        answer = knows(facts)
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
