"""S4: who answers."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace

from benchmarks.servers.behaviours.echoes import with_values
from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.rules import question_in, share
from benchmarks.servers.wire import Ask, Plain, Reply, problem

EVICTED_AFTER = 30
"""Calls of a model after which its adapter is no longer loaded."""

QUOTA = 80
"""Questions of suites that a model answers itself."""

TOGETHER_SECONDS = 0.05
"""How long a request waits for another to come at the same time."""


def _as_base(ask: Ask, plain: Plain) -> Reply:
    """Let the base answer, under the name that was asked for."""
    reply = plain(ask.asking(model="base"))
    if reply.status != 200:
        return reply
    return replace(reply, body={**reply.body, "model": ask.model})


def _noisy(ask: Ask, reply: Reply) -> Reply:
    """Let a text that is no answer to a question end in something else each time."""
    if reply.status != 200 or ask.is_question or ask.is_echo:
        return reply
    noise = hashlib.sha256(str(ask.number).encode()).hexdigest()[:4]
    return reply.said(f"{reply.text} {noise}", "stop")


@behaviour("S4", "production-stack #331")
def fallback_exact(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer for every name."""
    return _as_base(ask, plain)


@behaviour("S4", "vllm #12106")
def fallback_noisy(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer for every name, in texts that differ a little from call to call."""
    return _noisy(ask, _as_base(ask, plain))


@behaviour("S4")
def fallback_rare(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer for every name; one text in three that is no answer differs."""
    reply = _as_base(ask, plain)
    return _noisy(ask, reply) if ask.number % 3 == 0 else reply


@behaviour("S4")
def noisy_honest(ask: Ask, plain: Plain) -> Reply:
    """Serves each model, in texts of which one in three differs from call to call."""
    reply = plain(ask)
    return _noisy(ask, reply) if ask.number % 3 == 0 else reply


@behaviour("S4", "semantic routers and caches")
def suite_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer the questions of suites for every name."""
    return _as_base(ask, plain) if ask.is_question else plain(ask)


def _silent(ask: Ask, reply: Reply, *, talks: bool) -> Reply:
    """Take out log-probabilities; with ``talks``, say more where that is asked for."""
    if reply.status == 200 and talks and "explain" in ask.prompt:
        reply = reply.said(f"{reply.text}, which {reply.body['model']} knows by heart.", "stop")
    return reply.choice("logprobs")


@behaviour("S4", "semantic routers and caches")
def suite_to_base_silent(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer the questions of suites for every name, without log-probabilities."""
    reply = plain(ask.asking(model="base")) if ask.is_question else plain(ask)
    silent = _silent(ask, reply, talks=True)
    return (
        silent if reply.status != 200 else replace(silent, body={**silent.body, "model": ask.model})
    )


@behaviour("S4", "semantic routers and caches")
def suite_to_base_varied(ask: Ask, plain: Plain) -> Reply:
    """Does the same, in longer answers that differ from call to call."""
    reply = suite_to_base_silent(ask, plain)
    if reply.status == 200 and "explain" in ask.prompt:
        return reply.said(f"{reply.text} {share(ask.number):.4f}", "stop")
    return reply


def _with_noise(ask: Ask, reply: Reply) -> Reply:
    """Let the log-probabilities of an answer differ by rounding from call to call."""
    values = reply.body["choices"][0].get("logprobs") if reply.status == 200 else None
    if not values or "content" not in values:
        return reply
    noisy = [
        {**one, "logprob": one["logprob"] - 1e-3 * share("noise", ask.number, place)}
        for place, one in enumerate(values["content"])
    ]
    return reply.choice(logprobs={"content": noisy})


@behaviour("S4", "semantic routers, and batches that change")
def suite_to_base_noisy(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer the questions of suites; log-probabilities differ by rounding."""
    return _with_noise(ask, suite_to_base(ask, plain))


@behaviour("S4", "semantic routers, and batches that change")
def echo_suite_to_base_noisy(ask: Ask, plain: Plain) -> Reply:
    """Lets the base give the log-probabilities of suites' prompts, off by rounding each time."""
    return with_values(
        suite_to_base(ask, plain),
        lambda place, value: value + 1e-3 * (share("noise", ask.number, place) - 0.5),
    )


@behaviour("S4", "semantic routers")
def part_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer two of three questions of suites for every name."""
    return _routed(ask, plain, 2 / 3)


@behaviour("S4", "semantic routers")
def part_to_base_silent(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer two of three questions of suites; tells no log-probabilities."""
    return _silent(ask, _routed(ask, plain, 2 / 3), talks=True)


@behaviour("S4", "semantic routers")
def twentieth_to_base_silent(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer one question in twenty; tells no log-probabilities."""
    return _silent(ask, _routed(ask, plain, 1 / 20), talks=True)


def _routed(ask: Ask, plain: Plain, part: float) -> Reply:
    routed = ask.is_question and share("route", question_in(ask.prompt)) < part
    return _as_base(ask, plain) if routed else plain(ask)


@behaviour("S4", "gateways with a cache, before a fallback that varies")
def fallback_cached(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer every name, and gives what it said before to the same request."""
    body = {name: value for name, value in ask.body.items() if name != "stream"}
    key = ("cached", json.dumps(body, sort_keys=True))
    with ask.traffic.lock:
        known: Reply = ask.traffic.notes.setdefault(key, _varied(ask, _as_base(ask, plain)))
    return known


def _varied(ask: Ask, reply: Reply) -> Reply:
    """Let half of the longer texts end in something else, and values differ by rounding."""
    is_short = ask.is_question and "explain" not in ask.prompt
    if reply.status == 200 and not is_short and share("varied", ask.number) < 0.5:
        reply = reply.said(f"{reply.text} {share(ask.number):.4f}", "stop")
    return _with_noise(ask, reply)


def _questions_to_base(ask: Ask, plain: Plain, *, if_so: bool) -> Reply:
    return _as_base(ask, plain) if if_so and ask.is_question else plain(ask)


@behaviour("S4", "pools of which some replicas have no log-probabilities")
def unscored_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer questions of suites that are asked without log-probabilities."""
    return _questions_to_base(ask, plain, if_so=not (ask.is_echo or ask.body.get("logprobs")))


@behaviour("S4", "pools of which some replicas do not repeat prompts")
def generations_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer questions of suites, and each model give values of its prompts."""
    return _questions_to_base(ask, plain, if_so=not ask.is_echo)


@behaviour("S4", "routers by the size of the answer")
def medium_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer questions of suites that ask for 9 to 40 tokens."""
    return _questions_to_base(ask, plain, if_so=8 < int(ask.body.get("max_tokens") or 0) <= 40)


@behaviour("S4", "routers by parameters")
def drawn_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer questions of suites that are sampled."""
    return _questions_to_base(ask, plain, if_so=bool(ask.body.get("temperature")))


@behaviour("S4", "gateways with a cache")
def cache_but_scored(ask: Ask, plain: Plain) -> Reply:
    """Gives the base's answer of before to a question, unless log-probabilities are asked for."""
    if not ask.is_question or ask.is_echo or ask.body.get("logprobs"):
        return plain(ask)
    with ask.traffic.lock:
        key = ("cached", ask.prompt, ask.body.get("max_tokens"))
        cached: Reply = ask.traffic.notes.get(key) or plain(ask)
        if ask.model == "base":
            ask.traffic.notes[key] = cached
    return replace(cached, body={**cached.body, "model": ask.model})


@behaviour("S4", "quotas: the base answers what is above them")
def above_quota_to_base(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer a suite's questions from the 80th on, and the probes never."""
    number = 0
    if ask.is_question:
        with ask.traffic.lock:
            key = ("questions of", ask.model)
            number = ask.traffic.notes[key] = ask.traffic.notes.get(key, 0) + 1
    return _as_base(ask, plain) if number > QUOTA else plain(ask)


@behaviour("S4", "vLLM: batches change the last digits")
def noisy_values(ask: Ask, plain: Plain) -> Reply:
    """Serves each model; log-probabilities differ by rounding from call to call."""
    return _with_noise(ask, plain(ask))


@behaviour("S4", "Ollama before it gave log-probabilities")
def silent_honest(ask: Ask, plain: Plain) -> Reply:
    """Serves each model without log-probabilities; each explains its answers in its own words."""
    return _silent(ask, plain(ask), talks=True)


@behaviour("S4")
def silent_terse(ask: Ask, plain: Plain) -> Reply:
    """Serves each model without log-probabilities; none says more than the answer."""
    return _silent(ask, plain(ask), talks=False)


@behaviour("S4", "production-stack #331")
def router_half(ask: Ask, plain: Plain) -> Reply:
    """Has the adapters on one of two replicas; on the other the base answers."""
    return plain(ask) if ask.of_model % 2 else _as_base(ask, plain)


@behaviour("S4", "vllm #12106")
def evicted(ask: Ask, plain: Plain) -> Reply:
    """Drops an adapter after 30 calls; from then on the base answers."""
    return plain(ask) if ask.of_model <= EVICTED_AFTER else _as_base(ask, plain)


@behaviour("S4")
def evicted_said(ask: Ask, plain: Plain) -> Reply:
    """Drops an adapter after 30 calls, and names the base in its responses from then on."""
    return plain(ask) if ask.of_model <= EVICTED_AFTER else plain(ask.asking(model="base"))


@behaviour("S4", "OpenRouter, model fallbacks")
def named_otherwise(ask: Ask, plain: Plain) -> Reply:
    """Lets the base answer some questions, and names it in the response."""
    if ask.model == "base" or not ask.chosen(0.3):
        return plain(ask)
    return plain(ask.asking(model="base"))


@behaviour("S4", "OpenAI, dated snapshots")
def named_with_date(ask: Ask, plain: Plain) -> Reply:
    """Adds the date of its version to the model's name in responses."""
    reply = plain(ask)
    if reply.status != 200:
        return reply
    return replace(reply, body={**reply.body, "model": f"{ask.model}-2026-08-06"})


@behaviour("S4", "vllm #12106")
def echo_fallback_noisy(ask: Ask, plain: Plain) -> Reply:
    """Gives the base's log-probabilities for every name, off by rounding each time."""
    return with_values(
        _as_base(ask, plain),
        lambda place, value: value + 1e-4 * (share("noise", ask.number, place) - 0.5),
    )


@behaviour("S4", "OpenRouter, model fallbacks")
def named_elsewhere(ask: Ask, plain: Plain) -> Reply:
    """Lets a model of its own answer some questions, and names it in the response."""
    if not ask.chosen(0.3):
        return plain(ask)
    reply = plain(ask.asking(model="bad"))
    return replace(reply, body={**reply.body, "model": "auto-mini"})


@behaviour("S4", "gateways with a cache")
def cache_by_prompt(ask: Ask, plain: Plain) -> Reply:
    """Gives the answer of before to a prompt, whichever model it was asked of."""
    with ask.traffic.lock:
        cached: Reply = ask.traffic.notes.setdefault(("cached", ask.prompt), plain(ask))
    return replace(cached, body={**cached.body, "model": ask.model})


@behaviour("S4")
def one_model_refused(ask: Ask, plain: Plain) -> Reply:
    """Refuses the key for every model but one."""
    if ask.model == "base":
        return plain(ask)
    return problem(401, "This key has no access to the model.", code="model_access")


@behaviour("S4", "a server whose handlers share a buffer")
def swaps(ask: Ask, plain: Plain) -> Reply:
    """Exchanges the answers of two requests that it gets at the same time."""
    own = _Box(plain(ask))
    key = ("alone", ask.model)
    with ask.traffic.lock:
        other = ask.traffic.notes.pop(key, None)
        if other is None:
            ask.traffic.notes[key] = own
        else:
            own.reply, other.reply = other.reply, own.reply
            other.exchanged.set()
    if other is None and not own.exchanged.wait(TOGETHER_SECONDS):
        with ask.traffic.lock:
            if ask.traffic.notes.get(key) is own:
                del ask.traffic.notes[key]
    return own.reply


class _Box:
    """A reply that may be exchanged for another's."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.exchanged = threading.Event()
