"""S3: what was asked for and not done."""

from __future__ import annotations

from typing import Any

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.rules import is_question
from benchmarks.servers.texts import before_stop
from benchmarks.servers.wire import Ask, Plain, Reply, problem

MORE = "\nQuestion: What is 1 plus 1?\nAnswer: 2"
"""What a base model writes after its answer unless it is stopped."""

MANY_STOPS = ("<a>", "<b>", "<c>", "<d>", "<e>", "\n")
"""More stops than some servers take; the last one matters."""


def on_and_on(ask: Ask, plain: Plain, stops: Any) -> Reply:
    """Answer, and continue up to a stop."""
    reply = plain(ask.asking(stop=None))
    if reply.status != 200 or not is_question(ask.prompt):
        return reply
    text = before_stop(reply.text + MORE, stops)
    return reply.said(text, "stop")


@behaviour("S3")
def needs_stop(ask: Ask, plain: Plain) -> Reply:
    """Continues after the answer, unless a stop ends it."""
    return on_and_on(ask, plain, ask.body.get("stop"))


@behaviour("S3", "tensorrtllm_backend #219")
def ignores_stop(ask: Ask, plain: Plain) -> Reply:
    """Continues after the answer, whatever stop is given."""
    return on_and_on(ask, plain, ())


@behaviour("S3", "OpenAI, chat completions: up to 4 sequences")
def refuses_fifth_stop(ask: Ask, plain: Plain) -> Reply:
    """Refuses more than four stops."""
    stops = ask.body.get("stop") or []
    if isinstance(stops, list) and len(stops) > 4:
        message = "Invalid 'stop': array too long. Expected an array with maximum length 4."
        return problem(400, message, param="stop", code="array_above_max_length")
    return on_and_on(ask, plain, stops)


@behaviour("S3")
def drops_fifth_stop(ask: Ask, plain: Plain) -> Reply:
    """Takes the first four stops and says nothing of the others."""
    stops = ask.body.get("stop") or []
    return on_and_on(ask, plain, stops[:4] if isinstance(stops, list) else stops)


@behaviour("S3", "LM Studio, includes the stop")
def keeps_stop(ask: Ask, plain: Plain) -> Reply:
    """Ends at the stop and leaves the stop itself in the text."""
    reply = on_and_on(ask, plain, ask.body.get("stop"))
    if reply.status != 200 or not ask.body.get("stop") or not is_question(ask.prompt):
        return reply
    return reply.said(reply.text + "\n", "stop")


@behaviour("S3")
def ignores_temperature(ask: Ask, plain: Plain) -> Reply:
    """Always gives the likeliest answer."""
    return plain(ask.asking(temperature=0))


@behaviour("S3", "llama.cpp #10056")
def samples_always(ask: Ask, plain: Plain) -> Reply:
    """Samples, at a temperature of 0 and with a seed, too: a third of the answers are wrong."""
    reply = plain(ask.asking(temperature=1, seed=None))
    if reply.status == 200 and ask.is_question and ask.number % 3 == 0 and reply.text.isdigit():
        return reply.said(str(int(reply.text) + 7), "stop")
    return reply


@behaviour("S3")
def ignores_max_tokens(ask: Ask, plain: Plain) -> Reply:
    """Writes answers of any length."""
    return plain(ask.asking(max_tokens=None, max_completion_tokens=None))


@behaviour("S3", "vLLM: seeds are per request, others ignore them")
def ignores_seed(ask: Ask, plain: Plain) -> Reply:
    """Draws a new answer for the same seed."""
    return plain(ask.asking(seed=None))


@behaviour("S3", "Ollama, OpenAI compatibility: n is not supported")
def ignores_n(ask: Ask, plain: Plain) -> Reply:
    """Gives one answer, however many are asked for."""
    return plain(ask.asking(n=None))


@behaviour("S3")
def one_seed(ask: Ask, plain: Plain) -> Reply:
    """Samples with a seed of the server's own, so that all samples of a prompt are one."""
    return plain(ask.asking(seed=1, n=None))


@behaviour("S3", "gateways with a cache")
def cache_by_model(ask: Ask, plain: Plain) -> Reply:
    """Gives the answer of before to a prompt, whatever temperature and seed are given."""
    with ask.traffic.lock:
        cached: Reply = ask.traffic.notes.setdefault((ask.model, ask.prompt), plain(ask))
    return cached
