"""A judge that cannot be used costs the gates that it judges, and no others (S8)."""

import json
import re
from typing import Any

import pytest
import yaml

from evalguard.config import load_project
from evalguard.errors import ExitCode, UsageError
from evalguard.records import CheckResult, GateResult, Verdict
from evalguard.runner.check import run_check
from evalguard.verdicts import exit_code
from tests.conftest import write_jsonl
from tests.engines.servers import Reply, replying_server
from tests.store.tampering import forge_facts

N = 40
MODELS = {"data": [{"id": name} for name in ("base", "cand", "other")]}


def said(text: str) -> Reply:
    return 200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}


def models(path: str, body: dict[str, Any] | None) -> Reply:
    """Answer for the models of the check, of which ``other`` is as good as the others."""
    if body is None:
        return 200, MODELS
    asked = body["messages"][-1]["content"]
    found = re.search(r"#(\d+)", asked)
    if not found or "explain" in asked:
        return said(f"I am {body['model']}.")
    return said(f"Gladly: {found[1]}")


def judge(path: str, body: dict[str, Any] | None) -> Reply:
    """Say yes to what is polite."""
    if body is None:
        return 200, {"data": [{"id": "judge"}]}
    return said("Yes" if "Gladly" in body["messages"][-1]["content"] else "No")


def unlisted(path: str, body: dict[str, Any] | None) -> Reply:
    return judge(path, body) if body else (200, {"data": [{"id": "judge-large"}]})


def unknown(path: str, body: dict[str, Any] | None) -> Reply:
    return 404, {"error": {"message": "The model `judge` does not exist."} if body else "no list"}


def unknown_by_400(path: str, body: dict[str, Any] | None) -> Reply:
    return (400, {"error": "invalid model ID"}) if body else (404, {})


def wrong_key(path: str, body: dict[str, Any] | None) -> Reply:
    return 401, {"error": {"message": "Incorrect API key provided"}}


def forbidden(path: str, body: dict[str, Any] | None) -> Reply:
    return (403, {"message": "no access to this model"}) if body else judge(path, body)


def away(path: str, body: dict[str, Any] | None) -> Reply:
    return 503, {"error": "Loading model"}


def echoing(path: str, body: dict[str, Any] | None) -> Reply:
    return said(body["messages"][-1]["content"]) if body else judge(path, body)


@pytest.fixture
def project(tmp_path):
    """One suite that a judge scores, and one that rules score."""
    (tmp_path / "suites").mkdir()
    (tmp_path / "thresholds").mkdir()
    write_jsonl(tmp_path / "suites" / "rows.jsonl", [{"q": f"#{i}", "a": str(i)} for i in range(N)])
    labels = [
        {"q": f"#{i}", "answer": f"{start}: {i}", "label": label}
        for i in range(24)
        for start, label in [("Gladly", "yes") if i % 2 else ("No", "no")]
    ]
    write_jsonl(tmp_path / "suites" / "labels.jsonl", labels)
    shared = {"data": "rows.jsonl", "prompt": "{{ q }}", "max_new_tokens": 8}
    rules = {"kind": "test_set", "target": "{{ a }}", "scorers": ["contains"], **shared}
    judged = {
        "kind": "judge",
        "criterion": "It is polite.",
        "labelled": "labels.jsonl",
        **shared,
    }
    for name, task in {"rules": rules, "manners": judged}.items():
        suite = {"version": 1, "ability": "task", "tasks": [task]}
        (tmp_path / "suites" / f"{name}.yaml").write_text(yaml.safe_dump(suite))
    gates = [
        {"suite": "rules", "metric": "contains", "max_drop": "20pp"},
        {"suite": "manners", "metric": "approved", "max_drop": "20pp"},
    ]
    thresholds = {"version": 1, "gates": gates}
    (tmp_path / "thresholds" / "t.yaml").write_text(yaml.safe_dump(thresholds))
    return tmp_path


@pytest.fixture
def check(project):
    """Check ``cand`` with a judge; say what came of the two gates."""

    def run(
        judge: dict[str, Any], *, candidate: str = "cand", baseline: str = "base", url: str = ""
    ) -> tuple[CheckResult, GateResult, GateResult]:
        with replying_server(models) as own:
            options = {"base_url": url or own, "api": "chat", "max_wait": 1, "trust_route": True}
            config = {
                "version": 1,
                "baseline": {"model": baseline},
                "candidates": {candidate: {"model": candidate}},
                "engine": {"name": "endpoint", "options": options},
                "suites": ["rules", "manners"],
                "thresholds": "t",
                "judge": judge,
            }
            (project / "evalguard.yaml").write_text(yaml.safe_dump(config))
            loaded = load_project(project / "evalguard.yaml")
            selected = [(gate, candidate) for gate in loaded.thresholds.gates]
            result = run_check(loaded, selected, full=True)
        rules, judged = result.gates
        return result, rules, judged

    return run


def on(url: str, name: str = "judge", **options: Any) -> dict[str, Any]:
    own = {"base_url": url, "api": "chat", "max_wait": 1, **options}
    return {"model": name, "engine": {"name": "endpoint", "options": own}}


def assert_only_judged_are_errors(found: tuple[CheckResult, GateResult, GateResult]) -> str:
    result, rules, judged = found
    assert rules.verdict is Verdict.PASS, rules.reason
    assert judged.verdict is Verdict.ERROR
    assert exit_code(result) is ExitCode.INTERNAL_ERROR
    return judged.reason


def test_a_judge_that_can_be_used(check):
    with replying_server(judge) as url:
        _, rules, judged = check(on(url))
    assert (rules.verdict, judged.verdict) == (Verdict.PASS, Verdict.PASS)


def on_one_server(after: Any = None) -> Any:
    """Serve the models and the judge, in whose place something else answers after the labels."""
    seen = set()

    def reply(path: str, body: dict[str, Any] | None) -> Reply:
        if body is None:
            return 200, {"data": [*MODELS["data"], {"id": "judge"}]}
        if body["model"] != "judge":
            return models(path, body)
        asked = body["messages"][-1]["content"]
        if "It is polite" in asked:
            seen.add(asked)
        # The labels are 48 answers to 24 questions.
        return after(path, body) if after and len(seen) > 60 else judge(path, body)

    return reply


def test_a_judge_on_the_server_of_the_models(check):
    with replying_server(on_one_server()) as url:
        _, rules, judged = check(on(url), url=url)
    assert (rules.verdict, judged.verdict) == (Verdict.PASS, Verdict.PASS)


def approving(path: str, body: Any) -> Reply:
    return said("Yes")


def refusing(path: str, body: Any) -> Reply:
    return said("No")


def contrary(path: str, body: Any) -> Reply:
    return said("No" if "Gladly" in body["messages"][-1]["content"] else "Yes")


@pytest.mark.parametrize("after", [approving, refusing, contrary, models])
def test_a_judge_that_another_model_replaces_in_a_run_scores_nothing(check, after):
    """Class S4: its server drops the adapter, or a router sends its prompts elsewhere."""
    with replying_server(on_one_server(after)) as url:
        result, rules, judged = check(on(url), url=url)
    assert rules.verdict is Verdict.PASS
    assert judged.verdict is Verdict.ERROR
    assert "another model may be answering under its name" in judged.reason
    scored = {
        run.model: run.samples for run in result.tasks if run.suite == "manners" and run.scores
    }
    assert not scored


@pytest.mark.parametrize(
    ("reply", "words", "step"),
    [
        (unlisted, "the server has no model 'judge'", "Did you mean 'judge-large'?"),
        (unknown, "status 404: The model `judge` does not exist", "the model's name"),
        (unknown_by_400, "status 400: invalid model ID", "the model's name"),
        (wrong_key, "status 401: Incorrect API key provided", "OPENAI_API_KEY"),
        (forbidden, "status 403: no access to this model", "OPENAI_API_KEY"),
        (away, "status 503: Loading model", "that the server runs"),
        (echoing, "its answers begin with the prompt", "return_full_text"),
    ],
)
def test_a_judge_that_its_server_refuses(check, reply, words, step):
    with replying_server(reply) as url:
        reason = assert_only_judged_are_errors(check(on(url)))
    assert words in reason
    assert step in reason


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (on("http://127.0.0.1:9/v1"), "that the server runs"),
        (on("http://nowhere.invalid/v1"), "that the server runs"),
        (on("http://127.0.0.1:9/v1", bas_url="x"), "unknown option 'bas_url'"),
        ({"model": "./models/judge", "engine": {"name": "hf"}}, "judge.model: no such folder"),
        ({"model": "./models/judge", "engine": {"name": "vlm"}}, "judge.model: no such folder"),
        ({"model": "empty", "engine": {"name": "hf"}}, "empty"),
    ],
)
def test_a_judge_that_is_not_there(check, project, given, words):
    (project / "empty").mkdir()
    assert words in assert_only_judged_are_errors(check(given))


def test_an_engine_that_does_not_exist(check, demo_model):
    given = {"model": str(demo_model), "engine": {"name": "vlm"}}
    reason = assert_only_judged_are_errors(check(given))
    assert "engine 'vlm': no such engine" in reason


def test_an_adapter_of_the_judge_that_is_not_there(check, demo_model):
    given = {"model": str(demo_model), "adapter": "adapters/none", "engine": {"name": "hf"}}
    reason = assert_only_judged_are_errors(check(given))
    assert "judge.adapter: " in reason
    assert "no such adapter folder" in reason


def test_a_baseline_that_is_not_served_still_ends_the_check(check):
    with (
        replying_server(judge) as url,
        pytest.raises(UsageError, match="the server has no model 'bas'"),
    ):
        check(on(url), baseline="bas")


def test_labels_that_are_gone_when_the_judge_is_asked(check, project):
    def reply(path: str, body: dict[str, Any] | None) -> Reply:
        (project / "suites" / "labels.jsonl").unlink(missing_ok=True)
        return judge(path, body)

    with replying_server(reply) as url:
        reason = assert_only_judged_are_errors(check(on(url)))
    assert "labels.jsonl: cannot be read" in reason


class TestAdmittedBefore:
    @pytest.fixture
    def given(self, demo_model):
        """A judge whose files are here, so that its server is asked only when it must judge."""
        return lambda url: on(url, str(demo_model), model="judge")

    @pytest.mark.parametrize("reply", [unlisted, unknown, wrong_key, away])
    def test_and_refused_when_it_must_judge(self, check, given, reply):
        with replying_server(judge) as url:
            _, _, judged = check(given(url))
            assert judged.verdict is Verdict.PASS
            asked = []

            def refusing(path: str, body: dict[str, Any] | None) -> Reply:
                asked.append(path)
                return reply(path, body)

        # The same address, which is part of what the admission is remembered for.
        with replying_server(refusing, port=int(url.rpartition(":")[2].partition("/")[0])) as again:
            assert again == url
            reason = assert_only_judged_are_errors(check(given(url), candidate="other"))
        assert "the judge: " in reason
        assert 0 < len(asked) < 12

    def test_and_remembered_in_another_form(self, check, given, project):
        with replying_server(judge) as url:
            check(given(url))
            store = project / ".evalguard" / "store.db"
            assert forge_facts(store, "admission", json.dumps({"agreed": 24})) == 1
            _, _, judged = check(given(url), candidate="other")
        assert judged.verdict is Verdict.PASS
