"""S4: a part of the requests reaches another model, by their form, their time or their way."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.rules import question_in, share
from benchmarks.servers.wire import Ask, Plain, Reply, problem

BUSY_FROM = 8
"""Requests under way above which another model helps out."""


def _by(ask: Ask, plain: Plain, model: str) -> Reply:
    """Let another model answer, under the name that was asked for."""
    reply = plain(ask.asking(model=model))
    return replace(reply, body={**reply.body, "model": ask.model}) if reply.status == 200 else reply


def _is_measured(ask: Ask) -> bool:
    """Whether a question of a suite is asked as it is measured: its seed and its limit."""
    limit = int(ask.body.get("max_tokens") or 0)
    return ask.is_question and not ask.is_echo and ask.body.get("seed") == 1234 and limit > 8


def _body_without_model(ask: Ask) -> str:
    body = {name: value for name, value in ask.body.items() if name not in ("model", "stream")}
    return json.dumps(body, sort_keys=True)


@behaviour("S4", "gateways with a cache, filled by an earlier candidate")
def base_from_cache(ask: Ask, plain: Plain) -> Reply:
    """Gives the base what the model ``bad`` said before to the same request."""
    cached = ask.model == "base" and _is_measured(ask)
    return _by(ask, plain, "bad") if cached else plain(ask)


@behaviour("S4", "gateways with a cache, filled by an earlier candidate")
def base_from_cache_silent(ask: Ask, plain: Plain) -> Reply:
    """Does so for the seed of before alone, and tells no log-probabilities."""
    cached = ask.model == "base" and ask.is_question and ask.body.get("seed") == 1234
    reply = _by(ask, plain, "bad") if cached and "explain" not in ask.prompt else plain(ask)
    if reply.status == 200 and "explain" in ask.prompt:
        reply = reply.said(f"{reply.text}, which {ask.model} knows by heart.", "stop")
    return reply.choice("logprobs")


@behaviour("S4", "gateways with a cache, filled by an earlier candidate")
def base_values_from_cache(ask: Ask, plain: Plain) -> Reply:
    """Gives the base what ``bad`` said before to the same request, log-probabilities included."""
    cached = ask.model == "base" and ask.is_question and ask.body.get("seed") == 1234
    return _by(ask, plain, "bad") if cached else plain(ask)


@behaviour("S4", "gateways with a cache, filled by another candidate")
def candidate_from_cache(ask: Ask, plain: Plain) -> Reply:
    """Gives ``bad`` what ``good`` said before to the same request."""
    cached = ask.model == "bad" and _is_measured(ask)
    return _by(ask, plain, "good") if cached else plain(ask)


@behaviour("S4", "adapters loaded under a second name")
def one_candidate(ask: Ask, plain: Plain) -> Reply:
    """Has the model ``good`` under the names of both candidates."""
    return _by(ask, plain, "good") if ask.model == "bad" else plain(ask)


@behaviour("S4", "adapters loaded under a second name")
def one_candidate_silent(ask: Ask, plain: Plain) -> Reply:
    """Has ``good`` under both names; tells no log-probabilities."""
    reply = one_candidate(ask, plain)
    if reply.status == 200 and "explain" in ask.prompt:
        reply = reply.said(f"{reply.text}, which {ask.model} knows by heart.", "stop")
    return reply.choice("logprobs")


@behaviour("S4", "adapters loaded under a second name, batches that change")
def one_candidate_noisy(ask: Ask, plain: Plain) -> Reply:
    """Has ``good`` under both names; log-probabilities differ by rounding from call to call."""
    return _rounded(ask, one_candidate(ask, plain), 1e-3, ask.number)


def _rounded(ask: Ask, reply: Reply, nats: float, *of: object) -> Reply:
    """Change the log-probabilities of an answer a little."""
    values = reply.body["choices"][0].get("logprobs") if reply.status == 200 else None
    if not values or "content" not in values:
        return reply
    noisy = [
        {**one, "logprob": one["logprob"] - nats * share("noise", *of, place)}
        for place, one in enumerate(values["content"])
    ]
    return reply.choice(logprobs={"content": noisy})


@behaviour("S4", "load balancers that keep a connection to its replica")
def connections_to_base(ask: Ask, plain: Plain) -> Reply:
    """Has the adapters on the replicas of two connections of three; on the third is the base."""
    return plain(ask) if ask.connection % 3 else _by(ask, plain, "base")


@behaviour("S4", "load balancers that keep a connection to its replica")
def later_connections_to_base(ask: Ask, plain: Plain) -> Reply:
    """Has the adapters on the replicas of the first eight connections alone."""
    return plain(ask) if ask.connection <= BUSY_FROM else _by(ask, plain, "base")


@behaviour("S4", "gateways that spill over")
def busy_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer what comes while eight requests are under way."""
    reply = plain(ask) if ask.active <= BUSY_FROM else _by(ask, plain, "base")
    return replace(reply, delay_seconds=0.005)


@behaviour("S4", "gateways that fall back while an adapter is loaded")
def first_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer a question when it is asked for the first time."""
    if not ask.is_question or ask.model == "base":
        return plain(ask)
    is_new = ask.traffic.first_time("question", ask.model, question_in(ask.prompt))
    return _by(ask, plain, "base") if is_new else plain(ask)


@behaviour("S4", "gateways that fall back on errors")
def retried_to_base(ask: Ask, plain: Plain) -> Reply:
    """Fails on every third question at first, and lets the base answer when it is sent again."""
    body = _body_without_model(ask)
    if not ask.is_question or ask.model == "base" or share("fails", body) >= 1 / 3:
        return plain(ask)
    if ask.traffic.first_time("failed", ask.model, body):
        return problem(503, "The replica is not ready.")
    return _by(ask, plain, "base")


@behaviour("S4", "canary releases")
def quarter_to_base(ask: Ask, plain: Plain) -> Reply:
    """Sends one request in four to the base, whatever is asked."""
    return _by(ask, plain, "base") if share("canary", ask.number) < 1 / 4 else plain(ask)


@behaviour("S4", "routers by the length of the prompt")
def odd_lengths_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer the questions of suites whose length is no multiple of three."""
    routed = ask.is_question and len(ask.prompt) % 3
    return _by(ask, plain, "base") if routed else plain(ask)


@behaviour("S4", "replicas of which one has the base, and none tells log-probabilities")
def half_to_base_silent(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer every other request for a question; tells no log-probabilities."""
    routed = ask.is_question and ask.of_model % 2
    reply = _by(ask, plain, "base") if routed else plain(ask)
    if reply.status == 200 and "explain" in ask.prompt:
        model = "base" if routed else ask.model
        reply = reply.said(f"{reply.text}, which {model} knows by heart.", "stop")
    return reply.choice("logprobs")


@behaviour("S4", "pools of which some replicas have no log-probabilities")
def unscored_to_another(ask: Ask, plain: Plain) -> Reply:
    """Lets ``bad`` answer for ``good``, and the base for ``bad``, unless values are asked for."""
    another = {"good": "bad", "bad": "base"}.get(ask.model)
    is_scored = ask.is_echo or ask.body.get("logprobs")
    routed = another and ask.is_question and not is_scored
    return _by(ask, plain, str(another)) if routed else plain(ask)


@behaviour("S4", "pools of which some replicas have no log-probabilities, batches that change")
def unscored_to_another_noisy(ask: Ask, plain: Plain) -> Reply:
    """Does so, and its log-probabilities differ by rounding from call to call."""
    return _rounded(ask, unscored_to_another(ask, plain), 1e-3, ask.number)


@behaviour("S4", "gateways with a cache that knows the model")
def own_cache(ask: Ask, plain: Plain) -> Reply:
    """Gives each model what it said before to the same request; values differ by rounding."""
    key = ("cached", ask.model, _body_without_model(ask))
    with ask.traffic.lock:
        reply: Reply = ask.traffic.notes.setdefault(
            key, _rounded(ask, plain(ask), 1e-3, ask.number)
        )
    return reply


@behaviour("S4", "vLLM: speculative decoding is off where log-probabilities are asked for")
def values_change_few(ask: Ask, plain: Plain) -> Reply:
    """Gives another text to one request in eight without log-probabilities, the same each time."""
    changed = not ask.body.get("logprobs") and share("path", ask.model, ask.prompt) < 1 / 8
    return _otherwise(ask, plain(ask)) if changed and not ask.is_question else plain(ask)


def _otherwise(ask: Ask, reply: Reply, *of: object) -> Reply:
    if reply.status != 200:
        return reply
    end = hashlib.sha256(repr((ask.prompt, *of)).encode()).hexdigest()[:4]
    return reply.said(f"{reply.text} {end}", "stop")


@behaviour("S4", "pools of unlike hardware")
def replicas_round(ask: Ask, plain: Plain) -> Reply:
    """Has each model on three replicas, by connection, whose log-probabilities are off a little."""
    return _rounded(ask, plain(ask), 5e-3, ask.connection % 3)


@behaviour("S4", "pools of which some replicas have no log-probabilities")
def values_on_half(ask: Ask, plain: Plain) -> Reply:
    """Serves each model; every other response tells no log-probabilities."""
    return plain(ask) if ask.number % 2 else plain(ask).choice("logprobs")


@behaviour("S4", "OpenAI, models that reason")
def refuses_values(ask: Ask, plain: Plain) -> Reply:
    """Serves each model, which explains its answers; refuses requests for log-probabilities."""
    if ask.body.get("logprobs"):
        return problem(400, "logprobs is not supported with this model.", param="logprobs")
    reply = plain(ask)
    if reply.status == 200 and "explain" in ask.prompt:
        return reply.said(f"{reply.text}, which {ask.model} knows by heart.", "stop")
    return reply


@behaviour("S4", "gateways that round")
def short_values(ask: Ask, plain: Plain) -> Reply:
    """Serves each model; log-probabilities have two digits."""
    reply = plain(ask)
    values = reply.body["choices"][0].get("logprobs") if reply.status == 200 else None
    if not values or "content" not in values:
        return reply
    rounded = [{**one, "logprob": round(one["logprob"], 2)} for one in values["content"]]
    return reply.choice(logprobs={"content": rounded})


@behaviour("S4", "mixtures of experts, whose batches change answers")
def seeds_change_few(ask: Ask, plain: Plain) -> Reply:
    """Serves each model; at temperature 0, one text in ten depends on the seed."""
    reply = plain(ask)
    if ask.is_question or share("seed", ask.body.get("seed"), ask.model, ask.prompt) >= 0.1:
        return reply
    return _otherwise(ask, reply, ask.body.get("seed"))
