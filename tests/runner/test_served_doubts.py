"""Doubtful answers of served models never reach a later run through the store (S4)."""

from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from evalguard.config import BASELINE, load_project
from evalguard.engines.base import Doubt
from evalguard.engines.limits import limit_of
from evalguard.records import ScoredSample, Verdict
from evalguard.runner import fingerprints, models
from evalguard.runner.measure import Measurer
from evalguard.runner.measured import Measured, Results
from evalguard.runner.outline import Outline
from evalguard.runner.settling import Settling
from evalguard.store import SampleStore
from tests.engines import questions
from tests.engines.servers import replying_server
from tests.runner import test_served

server = test_served.server
check = test_served.check


def routed(server, *, base: bool):
    """Send the prompts of the suite to the base."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body and base and "#" in str(body["messages"]):
            body = {**body, "model": "team/base"}
        return server(path, body)

    return reply


def interrupt(monkeypatch, *, killed: bool) -> None:
    """Stop a run once all answers are there, but before it is known whether they may count."""
    ask, settle = Measurer._ask, Settling.settle

    def stopped(self: Measurer, engine: Any, items: Any, put: Any, *, stops: bool) -> Any:
        cut = ask(self, engine, items, put, stops=stops)
        if items[0][0].model == "v2":
            raise KeyboardInterrupt
        return cut

    def dead(self: Settling, engine: Any, items: Any, held: Any) -> None:
        if items[0][0].model != "v2":
            settle(self, engine, items, held)

    monkeypatch.setattr(Measurer, "_ask", stopped)
    if killed:
        monkeypatch.setattr(Settling, "settle", dead)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("base", [False, True])
def test_an_interrupted_run_leaves_no_doubtful_answers(check, server, monkeypatch, *, base, killed):
    with replying_server(routed(server, base=base)) as url:
        with monkeypatch.context() as patched:
            interrupt(patched, killed=killed)
            with pytest.raises(KeyboardInterrupt):
                check(url)
        result = check(url)
    (gate,) = result.gates
    assert gate.verdict is Verdict("INCONCLUSIVE" if base else "PASS"), gate.reason
    reused = {run.model: run.reused for run in result.tasks}
    n = test_served.N
    assert reused == {"baseline": n, "v2": 0 if killed or base else n}


@pytest.mark.parametrize("local", [False, True])
def test_answers_of_before_a_check_are_asked_again(
    check, server, monkeypatch, demo_model, adapters, *, local
):
    changed: dict[str, Any] = {}
    with replying_server(server) as url:
        if local:
            options = {"base_url": url, "api": "chat", "model": "team/base"}
            changed = {
                "engine": {"name": "endpoint", "options": options},
                "baseline": {"model": str(demo_model)},
                "candidates": {"v2": {"adapter": str(adapters / "harmless")}},
            }
        with monkeypatch.context() as before:
            before.setattr(fingerprints, "SERVED_CHECKS", "0")
            for reused in (0, test_served.N):
                assert {run.reused for run in check(url, **changed).tasks} == {reused}
        assert {run.reused for run in check(url, **changed).tasks} == {0}


def test_answers_of_this_machine_stay_valid(project_file, monkeypatch, tmp_path):
    found = set()
    for version in "01":
        monkeypatch.setattr(fingerprints, "SERVED_CHECKS", version)
        project = load_project(project_file)
        with SampleStore(tmp_path / "s.db") as store:
            found.add(models.ModelPool(project, [BASELINE], store).fingerprint(BASELINE))
    assert len(found) == 1


@pytest.fixture
def project_file(check, demo_model, tmp_path):
    """The project with a model that is run here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_served, "run_check", lambda *_, **__: None)
        check("", engine={"name": "hf"}, baseline={"model": str(demo_model)},
              candidates={"v2": {"model": str(demo_model)}})  # fmt: skip
    return tmp_path / "evalguard.yaml"


PLANNED = Outline("s", "t", (), "", (), (), ())


class Truncating:
    """An engine that truncates the longest answers."""

    def behaviour(self) -> str:
        return ""

    def check_differs(self, name: str, base: Any, where: str) -> float:
        return 1.0

    def doubt(self, model: str, request: Any) -> Doubt | None:
        return Doubt("truncated", is_of_identity=False) if limit_of(request) > 64 else None


@pytest.mark.parametrize("limits", [(32, 128), (128, 32), (128, 128), (32, 32)])
@pytest.mark.parametrize("before", [None, Doubt("who"), Doubt("who", is_of_identity=True)])
def test_the_longest_request_of_a_task_decides(tmp_path, limits, before):
    planned: Any = PLANNED
    arm = Measured("v2", planned, "f")
    samples: list[Any] = [
        SimpleNamespace(instances=[questions.generation("q", max_gen_toks=limit)])
        for limit in limits
    ]
    scored = ScoredSample(
        task="t", sample_id="1", prompt="", target="", outputs=("a",), scores={"acc": 1.0}
    )
    with SampleStore(tmp_path / "s.db") as store:
        engine: Any = Truncating()
        results = Results()
        if before:
            results.doubts[arm.key] = before
        store.put("f", [replace(scored, sample_id="0")])
        held = defaultdict(list, {arm: [scored]})
        settling = Settling(store, results, served=lambda model: model)
        settling.settle(engine, [(arm, one) for one in samples], held)
        doubt = results.doubts.get(arm.key)
        left = len(store.get("f", ["0", "1"]))
    long = max(limits) > 64
    assert bool(doubt) is (long or before is not None)
    assert left == (0 if doubt else 2)
    if long and doubt:
        assert not doubt.is_of_identity
