"""Doubtful answers of served models never reach a later run through the store (S4)."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from evalguard.config import BASELINE, load_project
from evalguard.engines.base import Doubt
from evalguard.engines.limits import limit_of
from evalguard.records import ScoredSample, Verdict
from evalguard.runner import fingerprints, models
from evalguard.runner.measure import STORE_SAMPLES
from evalguard.runner.measured import Measured, Results
from evalguard.runner.outline import Outline
from evalguard.runner.settling import Settling
from evalguard.store import SampleStore
from tests.conftest import write_jsonl
from tests.engines import questions
from tests.engines.servers import replying_server
from tests.runner import test_served

N = test_served.N
server = test_served.server
check = test_served.check


def routed(server, *, base: bool):
    """Send the prompts of the suite to the base."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body and base and "#" in str(body["messages"]):
            body = {**body, "model": "team/base"}
        return server(path, body)

    return reply


MANY = 600
"""Questions: two blocks after which it is looked at who answered, and a part of one."""


def checked_until(number: int, signal_number: int, check, server, tmp_path, *, base: bool):
    """Run a check in a process that gets a signal at a question; then run it here to its end."""
    rows = [{"q": f"#{i} and 10", "a": str(i + 10)} for i in range(MANY)]
    write_jsonl(tmp_path / "suites" / "sums.jsonl", rows)
    respond, asked = routed(server, base=base), set()
    reached, stopped = threading.Event(), threading.Event()

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        answer = respond(path, body)
        prompt = json.dumps(body)
        if body and body["model"] == "team/cand" and "#" in prompt and "logprobs" not in body:
            asked.add(prompt)
            if len(asked) >= number:
                reached.set()
                stopped.wait(240)
            else:
                time.sleep(0.08)  # a block takes more than a second: answers are stored
        return answer

    with replying_server(reply) as url:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(test_served, "run_check", lambda *_, **__: None)
            check(url)  # writes the project
        command = [sys.executable, "-m", "evalguard", "check", "--full"]
        # A shell in the background has children that ignore it.
        ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(
            command, cwd=tmp_path, start_new_session=True, stdout=subprocess.PIPE, text=True
        ) as process:
            assert reached.wait(240)
            os.killpg(process.pid, signal_number)
            stopped.set()
            assert process.wait(240) != 0
        signal.signal(signal.SIGINT, ignored)
        return check(url)


@pytest.mark.slow  # a check that is killed; how blocks settle is tested below
@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("base", [False, True])
def test_a_run_that_is_stopped_leaves_whole_blocks_and_no_doubtful_answers(
    check, server, tmp_path, signal_number, *, base
):
    result = checked_until(450, signal_number, check, server, tmp_path, base=base)
    (gate,) = result.gates
    assert gate.verdict is Verdict("INCONCLUSIVE" if base else "PASS"), gate.reason
    reused = {run.model: run.reused for run in result.tasks}
    assert reused["baseline"] == MANY
    assert reused["v2"] == 0 if base else 256 - STORE_SAMPLES < reused["v2"] <= 256
    with SampleStore(tmp_path / ".evalguard" / "store.db") as store:
        keys = {run.model: run.fingerprint for run in result.tasks}
        stored = {model: len(list(store.all_samples(key))) for model, key in keys.items()}
    assert stored == {"baseline": MANY, "v2": 0 if base else MANY}


@pytest.mark.parametrize("values", [True, False])
@pytest.mark.parametrize("other", ["team/cand", "team/earlier"])
def test_a_baseline_that_gets_another_models_answers_from_a_cache_is_not_kept(
    check, server, tmp_path, values, other
):
    """The cache knows no model, but the seed of a request."""
    server.wrong = {f"{other} on even numbers"}
    respond = test_served.with_values(server, {}) if values else server

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        prompt = json.dumps(body)
        if body is None or "explain" in prompt or not re.search(r"#\d*[02468] and", prompt):
            return respond(path, body)  # of the others, both models answer the same
        if body["seed"] == 1234 and body["model"] == "team/base":
            body = {**body, "model": other}
        if body["model"] == other:
            body = {**body, "model": f"{other} on even numbers"}
        return respond(path, body)

    with replying_server(reply) as url:
        result = check(url)
    (gate,) = result.gates
    assert gate.verdict is Verdict.INCONCLUSIVE
    assert any("baseline: sums/sums: " in one for one in result.warnings)
    assert any("let another model answer requests of this form" in one for one in result.warnings)
    keys = {run.model: run.fingerprint for run in result.tasks}
    with SampleStore(tmp_path / ".evalguard" / "store.db") as store:
        assert not list(store.all_samples(keys["baseline"]))


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize(
    ("to", "verdict"),
    [("team/cand", "PASS"), ("team/base", "INCONCLUSIVE"), ("team/earlier", "INCONCLUSIVE")],
)
def test_a_model_that_answers_only_without_log_probabilities_is_seen(
    check, server, tmp_path, *, noise, to, verdict
):
    """Measured answers are the candidate's, and right; those that its users get are not."""
    server.wrong = {"team/base", "team/earlier"}
    respond = test_served.with_values(server, {}, noise=noise)

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body and body["model"] == "team/cand" and "logprobs" not in body:
            is_question = "#" in json.dumps(body) and "explain" not in json.dumps(body)
            return respond(path, {**body, "model": to if is_question else "team/cand"})
        return respond(path, body)

    with replying_server(reply) as url:
        result = check(url, trusted=False)
    (gate,) = result.gates
    assert gate.verdict is Verdict(verdict), gate.reason
    assert ("requested without 'logprobs'" in gate.reason) is (to != "team/cand")
    with SampleStore(tmp_path / ".evalguard" / "store.db") as store:
        keys = {run.model: run.fingerprint for run in result.tasks}
        assert len(list(store.all_samples(keys["baseline"]))) == N
        assert len(list(store.all_samples(keys["v2"]))) == N * (to == "team/cand")


@pytest.mark.parametrize(("noise", "every"), [(0.0, 15), (1e-3, 6)])
def test_a_base_that_answers_one_prompt_in_some_is_seen(check, server, noise, every):
    """Also where its own answers are stored, and it is asked again for log-probabilities."""
    weights: dict[str, str] = {}
    respond = test_served.with_values(server, weights, noise=noise)
    is_routed = False

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        question = re.search(r"#(\d+) and", json.dumps(body))
        routed = is_routed and question and int(question[1]) % every == 1
        if body and routed and body["model"] == "team/cand":
            return respond(path, {**body, "model": "team/base"})
        return respond(path, body)

    with replying_server(reply) as url:
        assert check(url, trusted=False).gates[0].verdict is Verdict.PASS
        is_routed, weights["team/cand"] = True, "new"
        result = check(url, trusted=False)
        assert {run.model: run.reused for run in result.tasks} == {"baseline": N, "v2": 0}
        assert result.gates[0].verdict is Verdict.INCONCLUSIVE
        assert f"of {N} measured answers are" in result.gates[0].reason


def test_answers_of_which_no_values_are_told_are_measured_all_the_same(check, server):
    respond = test_served.with_values(server, {})
    refused = set()

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        question = re.search(r"#\d*7 and", json.dumps(body))
        if body and question and body.get("logprobs"):
            refused.add(question[0])
            return 400, {"error": {"message": "logprobs are not allowed for this prompt"}}
        return respond(path, body)

    with replying_server(reply) as url:
        (gate,) = (result := check(url)).gates
        assert gate.verdict is Verdict.PASS, gate.reason
        assert len(refused) == N / 10
        assert {run.samples for run in result.tasks} == {N}
        assert {run.reused for run in check(url).tasks} == {N}


@pytest.mark.parametrize("local", [False, True])
def test_answers_of_before_a_check_are_asked_again(
    check, server, monkeypatch, demo_model, adapters, *, local
):
    changed: dict[str, Any] = {}
    with replying_server(server) as url:
        if local:
            options = {"base_url": url, "api": "chat", "model": "team/base", "trust_route": True}
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


def prepared(*limits: int) -> list[Any]:
    """Return samples that ask for so many tokens each."""
    return [
        SimpleNamespace(
            sample_id=str(place), instances=[questions.generation("q", max_gen_toks=limit)]
        )
        for place, limit in enumerate(limits)
    ]


@pytest.mark.parametrize("limits", [(32, 128), (128, 32), (128, 128), (32, 32)])
@pytest.mark.parametrize("before", [None, Doubt("who"), Doubt("who", is_of_identity=True)])
def test_the_longest_request_of_a_task_decides(tmp_path, limits, before):
    planned: Any = PLANNED
    arm = Measured("v2", planned, "f")
    samples = prepared(*limits)
    scored = ScoredSample(
        task="t", sample_id="1", prompt="", target="", outputs=("a",), scores={"acc": 1.0}
    )
    with SampleStore(tmp_path / "s.db") as store:
        engine: Any = Truncating()
        results = Results()
        if before:
            results.doubts[arm.key] = before
        store.put("f", [replace(scored, sample_id="0")])
        settling = Settling(store, results, served=lambda model: model)
        with settling.putting(engine, [(arm, one) for one in samples]) as put:
            put(arm, [scored])
            early = len(store.get("f", ["1"]))
        doubt = results.doubts.get(arm.key)
        left = len(store.get("f", ["0", "1"]))
    long = max(limits) > 64
    assert bool(doubt) is (long or before is not None)
    assert left == (0 if doubt else 2)
    assert early == (0 if before or limits[1] > 64 else 1)  # before the others are answered
    if long and doubt:
        assert not doubt.is_of_identity


def test_a_doubt_removes_what_lies_under_earlier_keys(tmp_path):
    arm = Measured("v2", cast("Any", PLANNED), "f")
    keys = iter(["f1", "f2", "f2", "f2"])
    samples = prepared(32, 128)
    scored = ScoredSample(
        task="t", sample_id="0", prompt="", target="", outputs=("a",), scores={"acc": 1.0}
    )
    with SampleStore(tmp_path / "s.db") as store:
        settling = Settling(
            store, Results(), served=lambda model: model, stored_under=lambda _: next(keys)
        )
        with settling.putting(cast("Any", Truncating()), [(arm, one) for one in samples]) as put:
            put(arm, [scored])
            assert len(store.get("f1", ["0"])) == 1
        assert store.get("f1", ["0"]) == {}
