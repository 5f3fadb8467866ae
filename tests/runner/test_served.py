"""Models that only a server knows: by name, without folder, revision or tokenizer (S1, S4, S7)."""

import json
import random
import re
from typing import Any

import pytest
import yaml

from evalguard.config import load_project
from evalguard.engines.endpoint.first_answers import FIRST
from evalguard.errors import ConfigError, EvalGuardError
from evalguard.records import CheckResult, Verdict
from evalguard.runner.check import run_check
from tests.conftest import write_jsonl
from tests.engines.servers import replying_server

N = 60
FIRST_WORDS = 16
"""Requests that are asked for their first words before, eight of them together and each alone."""

LONGER = 18
"""Requests for more words, by which the models are told apart: six prompts, three times each."""

LOG_PROBABILITIES = 2
"""Requests that ask whether the server tells them."""

AGAIN = 2 * 16 + 1
"""Requests that are sent again to see whether another model answered them: sixteen, twice with
another seed, and one of them for log-probabilities, which the server does not tell."""


class Server:
    """Adds two numbers; ``wrong`` names the models that are off by one."""

    def __init__(self) -> None:
        self.wrong: set[str] = set()
        self.asked: list[dict[str, Any]] = []
        self.version = ""
        self.says = "{sum}"
        self.explains = True

    def __call__(self, _path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body is None:
            return 404, {"detail": "Not Found"}
        self.asked.append(body)
        found = re.search(r"#(\d+) and (\d+)", json.dumps(body["messages"]))
        text = f"I am {body['model']}{self.version}."
        if found:
            total = int(found[1]) + int(found[2]) + (body["model"] in self.wrong)
            text = self.says.format(sum=total, model=body["model"])
            if self.explains and "explain" in body["messages"][-1]["content"]:
                text += f", says {body['model']}{self.version}."
        choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
        return 200, {"choices": [choice]}

    @property
    def sums(self) -> int:
        """Questions that were asked, without those of the engine itself."""
        return sum("#" in json.dumps(body["messages"]) for body in self.asked)


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def check(tmp_path, server):
    """Check one model of the server against another."""
    (tmp_path / "suites").mkdir()
    (tmp_path / "thresholds").mkdir()
    rows = [{"q": f"#{i} and 10", "a": str(i + 10)} for i in range(N)]
    write_jsonl(tmp_path / "suites" / "sums.jsonl", rows)
    task = {
        "kind": "test_set",
        "data": "sums.jsonl",
        "system": "Add the numbers.",
        "prompt": "{{ q }}",
        "target": "{{ a }}",
        "scorers": ["exact_match"],
        "max_new_tokens": 8,
    }
    suite = {"version": 1, "ability": "task", "tasks": [task]}
    (tmp_path / "suites" / "sums.yaml").write_text(yaml.safe_dump(suite))
    gates = [{"suite": "sums", "metric": "exact_match", "max_drop": "10pp"}]
    thresholds = {"version": 1, "gates": gates}
    (tmp_path / "thresholds" / "t.yaml").write_text(yaml.safe_dump(thresholds))

    def run(
        url: str,
        *,
        cand: str = "team/cand",
        models: tuple[str, ...] = ("v2",),
        trusted: bool = True,
        **changed: Any,
    ) -> CheckResult:
        options = {"base_url": url, "api": "chat", "trust_route": trusted}
        project = {
            "version": 1,
            "engine": {"name": "endpoint", "options": options},
            "baseline": {"model": "team/base"},
            "candidates": {"v2": {"model": cand}},
            "suites": ["sums"],
            "thresholds": "t",
            **changed,
        }
        (tmp_path / "evalguard.yaml").write_text(yaml.safe_dump(project))
        loaded = load_project(tmp_path / "evalguard.yaml")
        selected = [(one, model) for one in loaded.thresholds.gates for model in models]
        return run_check(loaded, selected, full=True)

    return run


@pytest.mark.parametrize(("wrong", "verdict"), [(set(), "PASS"), ({"team/cand"}, "FAIL")])
def test_names_on_a_server_are_enough(check, server, wrong, verdict):
    server.wrong = wrong
    with replying_server(server) as url:
        result = check(url)
    assert [gate.verdict for gate in result.gates] == [Verdict(verdict)]
    systems = {body["messages"][0]["role"] for body in server.asked if len(body["messages"]) == 2}
    assert systems == {"system"}


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ("The two numbers that you gave me add up to {sum}", "INCONCLUSIVE"),
        ("The two numbers that you gave {model} add up to {sum}", "PASS"),
    ],
)
def test_long_answers_that_are_all_the_baselines_show_nothing(
    check, server, tmp_path, says, verdict
):
    for folder, name in (("suites", "sums"), ("thresholds", "t")):
        file = tmp_path / folder / f"{name}.yaml"
        text = file.read_text().replace("exact_match", "contains")
        file.write_text(text.replace("max_new_tokens: 8", "max_new_tokens: 80"))
    server.says = says
    with replying_server(server) as url:
        result = check(url)
    assert result.verdict is Verdict(verdict), result.gates[0].reason
    held = "identical to the baseline's" in result.gates[0].reason
    assert held is (verdict == "INCONCLUSIVE")
    assert any("identical to" in one for one in result.warnings) is held


@pytest.mark.parametrize(
    ("base", "explains", "wrong", "verdict"),
    [
        (False, True, (), "PASS"),
        (False, True, ("team/cand",), "FAIL"),
        (False, False, (), "INCONCLUSIVE"),  # honest, and it says no more than the answer
        (False, False, ("team/cand",), "FAIL"),
        (True, True, (), "INCONCLUSIVE"),
        (True, True, ("team/cand",), "INCONCLUSIVE"),
    ],
)
def test_short_answers_that_the_base_may_have_given_pass_nothing(
    check, server, *, base, explains, wrong, verdict
):
    """Class S4: a router sends the prompts of the suite to the base, and tells no log-probs."""
    server.wrong = set(wrong)
    server.explains = explains

    def routed(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body and base and "#" in json.dumps(body["messages"]):
            body = {**body, "model": "team/base"}
        return server(path, body)

    with replying_server(routed) as url:
        for _ in range(2):  # nothing that is doubtful is taken from the store
            result = check(url)
            (gate,) = result.gates
            assert gate.verdict is Verdict(verdict), gate.reason
            if verdict == "INCONCLUSIVE":
                assert "cannot verify that this model, not the baseline, answered" in gate.reason
                assert any("v2: sums/" in one for one in result.warnings)


def some_to_base(server, share: float):
    """Let the base answer a part of the suite's questions, always the same ones."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        found = re.search(r"#\d+", json.dumps(body)) if body else None
        if body and found and random.Random(found[0]).random() < share:
            body = {**body, "model": "team/base"}
        return server(path, body)

    return reply


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7])
def test_a_part_that_the_base_may_have_answered_passes_nothing_without_log_probabilities(
    check, server, share
):
    """Class S4: the candidate is wrong throughout; texts show no route by prompts."""
    server.wrong = {"team/cand"} if share > 0.5 else set()
    with replying_server(some_to_base(server, share)) as url:
        for _ in range(2):
            (gate,) = check(url, trusted=False).gates
            assert gate.verdict is not Verdict.PASS
            if share <= 0.5:
                assert gate.verdict is Verdict.INCONCLUSIVE
                assert "the engine option 'trust_route: true'" in gate.reason


@pytest.mark.parametrize(("wrong", "verdict"), [((), "INCONCLUSIVE"), (("team/cand",), "FAIL")])
def test_an_honest_server_without_log_probabilities_needs_a_word_of_the_user(
    check, server, wrong, verdict
):
    server.wrong = set(wrong)
    with replying_server(server) as url:
        held = check(url, trusted=False)
        assert [gate.verdict for gate in held.gates] == [Verdict(verdict)]
        assert {run.reused for run in check(url, trusted=False).tasks} == {0, N}  # the base's
        vouched = check(url)
        assert [gate.verdict for gate in vouched.gates] == [Verdict("FAIL" if wrong else "PASS")]
        # What was stored under the user's word does not pass without it.
        again = check(url, trusted=False)
        assert [gate.verdict for gate in again.gates] == [Verdict(verdict)]
    said = [any("trust_route" in note for note in model.notes) for model in vouched.models]
    assert said == [True, True]
    assert not any("trust_route" in note for model in held.models for note in model.notes)


def test_two_names_of_one_model_pass_nothing_without_log_probabilities(check, server):
    candidates = {"v2": {"model": "team/cand"}, "v3": {"model": "team/other"}}

    def alias(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        one = body and body["model"] == "team/other"
        return server(path, {**body, "model": "team/cand"} if body and one else body)

    with replying_server(alias) as url:
        result = check(url, candidates=candidates, models=("v2", "v3"), trusted=False)
    assert [gate.verdict for gate in result.gates] == [Verdict.INCONCLUSIVE] * 2


@pytest.mark.parametrize("capped", [("team/base", "team/cand"), ("team/cand",)])
def test_answers_that_the_server_cuts_and_calls_whole_are_not_measured(
    check, server, tmp_path, capped
):
    """Class S1: a limit of the server's own."""
    file = tmp_path / "suites" / "sums.yaml"
    file.write_text(file.read_text().replace("max_new_tokens: 8", "max_new_tokens: 64"))

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = server(path, body)
        if body is None:
            return status, answer
        seed = body["seed"] if body["temperature"] else 0
        story = random.Random(f"{body['model']} {body['messages']} {seed}")
        words = [story.choice(("sea", "ship", "lamp", "keeper")) for _ in range(90)]
        most = min(body["max_tokens"], 16 if body["model"] in capped else 64)
        choice = answer["choices"][0]
        choice["message"] = {"content": " ".join(words[:most])}
        choice["finish_reason"] = "length" if most == body["max_tokens"] else "stop"
        return status, {**answer, "usage": {"completion_tokens": most}}

    with replying_server(reply) as url:
        result = check(url)
    (gate,) = result.gates
    assert gate.verdict is Verdict.ERROR
    assert "the server truncated this answer at 16 tokens (64 requested)" in gate.reason
    assert "set 'max_new_tokens' to at most 16" in gate.reason


def refusing(server, *words, model=""):
    """Refuse the prompts that hold one of some words."""

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        text = json.dumps(body["messages"]) if body else ""
        if model in text + str(body) and any(word in text for word in words):
            return 403, {"error": {"message": "Input was flagged"}}
        return server(path, body)

    return reply


@pytest.mark.parametrize(("wrong", "verdict"), [(set(), "PASS"), ({"team/cand"}, "FAIL")])
@pytest.mark.parametrize("text", [text for text, _ in FIRST])
def test_a_prompt_that_is_refused_at_the_start_costs_nothing(check, server, text, wrong, verdict):
    server.wrong = wrong
    with replying_server(refusing(server, text)) as url:
        assert check(url).verdict is Verdict(verdict)


def test_a_candidate_that_cannot_be_told_from_the_base_costs_its_gates(check, server, adapters):
    candidates = {"v2": {"adapter": str(adapters / "harmless")}}
    with replying_server(refusing(server, *HARMLESS, model="'v2'")) as url:
        result = check(url, candidates=candidates)
    (gate,) = result.gates
    assert gate.verdict is Verdict.ERROR
    assert "only 2 were answered" in gate.reason
    assert "Input was flagged" in gate.reason


HARMLESS = ("fox", "France", "Ada", "sea", "colour", "French")


@pytest.mark.parametrize("options", [{}, {"api": "completions"}])
@pytest.mark.parametrize(
    ("refused", "words"),
    [
        ("'team/cand'", "of 8 harmless prompts only 2 were answered"),
        ("'team/base'", "the baseline: .*of 8 harmless prompts only 2 were answered"),
        ("'team/", "the baseline: .*of 8 harmless prompts only 2 were answered"),
    ],
)
def test_a_model_whose_server_refuses_most_harmless_prompts_is_its_own_finding(
    check, server, demo_model, *, refused, words, options
):
    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        if body and "prompt" in body:
            body = {**body, "messages": [{"role": "user", "content": body["prompt"]}]}
        status, answer = refusing(server, *HARMLESS, model=refused)(path, body)
        if "choices" in answer:
            answer["choices"][0]["text"] = answer["choices"][0].pop("message")["content"]
        return status, answer

    with replying_server(reply) as url:
        asked = {"base_url": url, "api": "chat", "tokenized_requests": False, **options}
        own = {"model": "team/base", "tokenizer": str(demo_model)}
        result = check(
            url,
            engine={"name": "endpoint", "max_length": 512, "options": asked},
            baseline=own,
            candidates={"v2": {**own, "model": "team/cand"}},
        )
    (gate,) = result.gates
    assert gate.verdict is Verdict.ERROR
    assert re.search(words, gate.reason)
    assert "Input was flagged" in gate.reason
    assert "(base)" not in gate.reason  # but the server's name for it
    assert [bool(model.notes) for model in result.models] == [
        refused in "'team/base'",
        refused in "'team/cand'",
    ]


def test_other_candidates_are_decided_where_one_is_refused(check, server):
    server.wrong = {"team/worse"}
    candidates = {name: {"model": f"team/{name}"} for name in ("refused", "worse")}
    with replying_server(refusing(server, *HARMLESS, model="'team/refused'")) as url:
        result = check(url, candidates=candidates, models=("refused", "worse"))
    assert [gate.verdict for gate in result.gates] == [Verdict.ERROR, Verdict.FAIL]


@pytest.mark.parametrize(("share", "verdict"), [(0.5, "INCONCLUSIVE"), (1.0, "ERROR")])
def test_prompts_that_the_server_cuts_pass_no_gate(check, server, tmp_path, share, verdict):
    """It reads forty words, which the question comes before."""
    rows = [
        {"q": f"#{i} and 10 " + "so it is " * (100 if i < share * N else 1), "a": str(i + 10)}
        for i in range(N)
    ]
    write_jsonl(tmp_path / "suites" / "sums.jsonl", rows)

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = server(path, body)
        words = len(" ".join(one["content"] for one in body["messages"]).split()) if body else 0
        return status, {**answer, "usage": {"prompt_tokens": min(words, 40)}}

    with replying_server(reply) as url:
        result = check(url)
    (gate,) = result.gates
    assert gate.verdict is Verdict(verdict)
    told = [gate.reason, *result.warnings]
    assert any("the server truncated the prompt at 40 tokens" in one for one in told)


def test_stored_samples_count_while_the_model_answers_as_before(check, server):
    with replying_server(server) as url:
        check(url)
        asked = server.sums
        check(url)
        assert server.sums == asked == 2 * (N + FIRST_WORDS + LONGER + AGAIN) + LOG_PROBABILITIES
        server.version = " 2"  # another model was deployed under the same names
        server.wrong = {"team/cand"}
        assert check(url).gates[0].verdict is Verdict.FAIL
        assert server.sums == 2 * asked


def with_values(server: Server, weights: dict[str, str], *, noise: float = 0.0) -> Any:
    """Let a server tell log-probabilities, which depend on the weights under a name."""
    draw = random.Random(0)

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        status, answer = server(path, body)
        if body is not None and body.get("logprobs"):
            own = random.Random(f"{weights.get(body['model'], body['model'])} {body['messages']}")
            value = -0.01 - 9 * own.random() - noise * draw.random()
            answer["choices"][0]["logprobs"] = {"content": [{"logprob": value}]}
        return status, answer

    return reply


@pytest.mark.parametrize("noise", [pytest.param(0.0, marks=pytest.mark.slow), 1e-3])
@pytest.mark.parametrize("name", ["team/base", "team/cand"])
def test_a_model_that_is_replaced_under_its_name_is_measured_again(check, server, noise, name):
    """It answers the fixed prompts as the one before, but for its log-probabilities."""
    weights: dict[str, str] = {}
    with replying_server(with_values(server, weights, noise=noise)) as url:

        def reused() -> dict[str, int]:
            result = check(url, trusted=False)
            assert result.verdict is Verdict.PASS, result.gates[0].reason
            return {run.model: run.reused for run in result.tasks}

        assert reused() == {"baseline": 0, "v2": 0}
        for _ in range(3):
            assert reused() == {"baseline": N, "v2": N}
        for new in ("first", "second"):
            weights[name] = new
            again = {"team/base": "baseline", "team/cand": "v2"}[name]
            assert reused() == {"baseline": N, "v2": N} | {again: 0}
            assert reused() == {"baseline": N, "v2": N}
        del weights[name]  # the first one is back
        assert reused() == {"baseline": N, "v2": N}


@pytest.mark.parametrize(("own", "verdict"), [("team/cand", "INCONCLUSIVE"), ("new", "PASS")])
def test_two_names_of_one_model_pass_nothing(check, server, own, verdict):
    """Class S4: its answers are short, and its log-probabilities the same."""
    candidates = {"v2": {"model": "team/cand"}, "v3": {"model": "team/other"}}
    with replying_server(with_values(server, {"team/other": own})) as url:
        result = check(url, candidates=candidates, models=("v2", "v3"), trusted=False)
    assert [gate.verdict for gate in result.gates] == [Verdict(verdict)] * 2
    if verdict == "INCONCLUSIVE":
        words = "'team/cand' and 'team/other' have the same log-probabilities on fixed prompts"
        assert all(words in gate.reason for gate in result.gates)


def test_one_name_for_two_candidates_is_an_error(check, server):
    candidates = {"v2": {"model": "team/cand"}, "v3": {"model": "team/cand"}}
    with replying_server(server) as url:
        result = check(url, candidates=candidates, models=("v2", "v3"))
    assert [gate.verdict for gate in result.gates] == [Verdict.ERROR] * 2
    assert all("are one model on the server, 'team/cand'" in gate.reason for gate in result.gates)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"candidates": {"v2": {"model": "team/can"}}}, r"candidates\.v2: .*no model 'team/can'"),
        ({"baseline": {"model": "team/bas"}}, r"baseline: .*no model 'team/bas'.*'team/base'"),
        ({"port": 9}, r"baseline: .*Connection refused\. Check .*base_url', and that the server"),
        ({"scheme": "https"}, r"baseline: .*speaks plain HTTP: write 'http://' in .*base_url"),
        ({"key_env": "NO_SUCH_KEY"}, r"baseline: .*key_env: .* NO_SUCH_KEY is not set"),
        ({"path": "/other"}, r"baseline: .*status 404.* ends in '/v1'"),
        ({"status": 401}, r"baseline: .*status 401.*OPENAI_API_KEY \(which is not set\)"),
        ({"status": 400}, r"baseline: .*status 400.*write 'https://' in"),
    ],
)
def test_the_likeliest_mistakes_name_file_key_and_fix(check, server, monkeypatch, changed, words):
    """Class S7: a wrong port, name, key, scheme or path."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    status = changed.get("status")
    said = {401: "No key", 400: "The plain HTTP request was sent to HTTPS port"}.get(status, "")

    def reply(path: str, body: dict[str, Any] | None) -> tuple[int, Any]:
        if status or not path.startswith("/v1"):
            return status or 404, {"error": {"message": said or "Not Found"}}
        listed = {"data": [{"id": name} for name in ("team/base", "team/cand")]}
        return server(path, body) if body else (200, listed)

    with replying_server(reply) as url:
        port = url.rpartition(":")[2].partition("/")[0]
        given = url.replace(port, str(changed.get("port", port)))
        given = given.replace("http:", f"{changed.get('scheme', 'http')}:")
        given = given.replace("/v1", changed.get("path", "/v1"))
        options = {"base_url": given, "api": "chat", "max_wait": 1}
        options |= {key: changed[key] for key in ("key_env",) if key in changed}
        models = {key: changed[key] for key in ("baseline", "candidates") if key in changed}
        with pytest.raises(EvalGuardError, match=rf"evalguard\.yaml: {words}"):
            check(url, engine={"name": "endpoint", "options": options}, **models)


def test_one_model_under_two_names_is_an_error(check, server):
    def alias(path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        return server(path, body and {**body, "model": "team/base"})

    with replying_server(alias) as url:
        result = check(url)
    assert result.gates[0].verdict is Verdict.ERROR
    assert "answers as 'team/cand' exactly as it does as 'team/base'" in result.gates[0].reason


def test_models_on_two_servers_are_compared(check, server):
    other = Server()
    other.wrong = {"tickets-v2"}
    with replying_server(server) as prod, replying_server(other) as staging:
        own = {"model": "v2", "server": {"base_url": staging, "model": "tickets-v2"}}
        result = check(prod, candidates={"v2": own}, baseline={"model": "prod"})
    assert result.gates[0].verdict is Verdict.FAIL
    assert {body["model"] for body in server.asked} == {"prod"}
    assert {body["model"] for body in other.asked} == {"tickets-v2"}


def test_a_server_is_for_an_endpoint(check, demo_model):
    own = {"model": "v2", "server": {"model": "v2"}}
    engine = {"name": "hf"}
    base = {"model": str(demo_model)}
    with pytest.raises(ConfigError, match=r"candidates\.v2\.server: needs .*endpoint.*is 'hf'"):
        check("", candidates={"v2": own}, engine=engine, baseline=base)


def test_a_name_on_the_server_is_a_candidate(check, server, demo_model):
    server.wrong = {"tickets-v2"}
    with replying_server(server) as url:
        result = check(
            url,
            baseline={"model": "prod", "tokenizer": str(demo_model)},
            candidates={"v2": {"server": {"model": "tickets-v2"}}},
        )
    assert result.gates[0].verdict is Verdict.FAIL
    assert {body["model"] for body in server.asked} == {"prod", "tickets-v2"}
    assert [model.model for model in result.models] == ["prod", "tickets-v2"]


def test_a_name_on_the_server_beside_a_folder_of_that_name(check, server, monkeypatch, tmp_path):
    """The folder is not what the server has under the name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tickets-v2").mkdir()
    with replying_server(server) as url:
        candidates = {"v2": {"server": {"model": "tickets-v2"}}}
        assert check(url, candidates=candidates).gates[0].verdict is Verdict.PASS
        server.version, server.wrong = " 2", {"tickets-v2"}
        assert check(url, candidates=candidates).gates[0].verdict is Verdict.FAIL


def test_an_adapter_on_a_named_model_has_answers_of_its_own(check, server, adapters):
    """What is stored of the base is not taken for them."""
    server.wrong = {"v2"}
    candidates = {"v2": {"adapter": str(adapters / "harmless")}}
    with replying_server(server) as url:
        for _ in range(2):
            assert check(url, candidates=candidates).gates[0].verdict is Verdict.FAIL
    assert {body["model"] for body in server.asked} == {"team/base", "v2"}


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"server": {"base_url": "http://other/v1"}}, "needs 'adapter', 'seeds', 'model'"),
        ({"server": {"model": 3}}, "needs 'adapter', 'seeds', 'model'"),
        ({"server": {"model": "v2"}, "tokenizer": "t"}, "needs 'adapter', 'seeds', 'model'"),
        ({"server": {"model": "v2"}, "adapter": "a"}, "'server' needs 'model'"),
    ],
)
def test_a_name_on_the_server_stands_by_itself(check, own, words):
    with pytest.raises(ConfigError, match=words):
        check("http://127.0.0.1:9/v1", candidates={"v2": own})
