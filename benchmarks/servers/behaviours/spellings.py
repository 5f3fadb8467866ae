"""S7: other forms of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.servers.behaviours.parameters import on_and_on
from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.wire import Ask, Plain, Reply, problem

KEY = "k-1234"
API_VERSION = "2024-10-21"
AZURE_PATH = "/openai/deployments/"
TENANT, TENANT_VARIABLE = "blue", "EVALGUARD_TENANT"


def _unsupported(name: str, advice: str = "") -> Reply:
    message = f"Unsupported parameter: '{name}' is not supported with this model.{advice}"
    return problem(400, message, param=name, code="unsupported_parameter")


@behaviour("S7", "garak #748")
def max_completion(ask: Ask, plain: Plain) -> Reply:
    """Refuses max_tokens and takes max_completion_tokens."""
    if "max_tokens" in ask.body:
        return _unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    return plain(ask)


@behaviour("S7", "lm-eval #3215")
def no_seed(ask: Ask, plain: Plain) -> Reply:
    """Refuses a seed, in pydantic's words."""
    if "seed" in ask.body:
        detail = [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are "
                   "not permitted", "input": ask.body["seed"]}]  # fmt: skip
        return Reply(status=422, body={"detail": detail})
    return plain(ask)


@behaviour("S7", "lm-eval #2436")
def no_stop(ask: Ask, plain: Plain) -> Reply:
    """Refuses stops, and continues after the answer."""
    return _unsupported("stop") if "stop" in ask.body else on_and_on(ask, plain, ())


@behaviour("S7", "OpenAI, reasoning models")
def no_temperature(ask: Ask, plain: Plain) -> Reply:
    """Refuses a temperature of 0."""
    if ask.body.get("temperature", 1) != 1:
        message = "Unsupported value: 'temperature' does not support 0 with this model. Only the "
        return problem(400, message + "default (1) value is supported.", param="temperature",
                       code="unsupported_value")  # fmt: skip
    return plain(ask)


@behaviour("S7", "OpenAI, reasoning models")
def strict_reasoner(ask: Ask, plain: Plain) -> Reply:
    """Refuses max_tokens, stops, seeds and a temperature, one after the other."""
    for refuse in (max_completion, no_stop, no_seed, no_temperature):
        reply = refuse(ask, plain)
        if reply.status != 200:
            return reply
    return on_and_on(ask, plain, ())


@behaviour("S7", "Azure OpenAI, data plane", lists=True)
def azure(ask: Ask, plain: Plain) -> Reply:
    """Has a path for each deployment, a version in the query and a header for the key."""
    path, _, query = ask.path.partition("?")
    if ask.headers.get("api-key") != KEY:
        return Reply(status=401, body={"error": {"code": "401", "message": "Access denied"}})
    if f"api-version={API_VERSION}" not in query:
        return Reply(status=404, body={"error": {"code": "404", "message": "Resource not found"}})
    if not ask.body:
        return Reply(status=404, body={"error": {"code": "404", "message": "Resource not found"}})
    deployment, _, rest = path.removeprefix(AZURE_PATH).partition("/")
    if not path.startswith(AZURE_PATH) or rest != "chat/completions":
        return Reply(status=404, body={"error": {"code": "404", "message": "Resource not found"}})
    return plain(ask.asking(model=deployment))


@behaviour("S7", "Azure OpenAI, v1", lists=True)
def azure_v1(ask: Ask, plain: Plain) -> Reply:
    """Has a path of its own and a header for the key, and does not list its models."""
    if ask.headers.get("api-key") != KEY:
        return Reply(status=401, body={"error": {"code": "401", "message": "Access denied"}})
    if not ask.body or not ask.path.startswith("/openai/v1/"):
        return Reply(status=404, body={"error": {"code": "404", "message": "Resource not found"}})
    return plain(ask)


@behaviour("S7", "litellm #11342", lists=True)
def no_list(ask: Ask, plain: Plain) -> Reply:
    """Does not list its models."""
    return plain(ask) if ask.body else Reply(status=404, body={"detail": "Not Found"})


@behaviour("S7", "Ollama and others", lists=True)
def no_context(ask: Ask, plain: Plain) -> Reply:
    """Lists its models without their context."""
    reply = plain(ask)
    if ask.body or reply.status != 200:
        return reply
    names = [{"id": entry["id"]} for entry in reply.body["data"]]
    return Reply(body={"object": "list", "data": names})


@behaviour("S7", "llama.cpp server", lists=True)
def context_in_meta(ask: Ask, plain: Plain) -> Reply:
    """Lists its models as files, their names as aliases, and their context apart."""
    reply = plain(ask)
    if ask.body or reply.status != 200:
        return reply
    files = [
        {"id": f"{entry['id']}.gguf", "aliases": [entry["id"]], "meta": _meta(entry)}
        for entry in reply.body["data"]
    ]
    return Reply(body={"object": "list", "data": files})


def _meta(entry: Mapping[str, Any]) -> dict[str, int]:
    return {"n_ctx_train": 8 * entry["max_model_len"], "n_ctx": entry["max_model_len"]}


@behaviour("S7", "Together, list of models", lists=True)
def bare_list(ask: Ask, plain: Plain) -> Reply:
    """Lists its models as a JSON list without anything around it."""
    reply = plain(ask)
    return reply if ask.body or reply.status != 200 else Reply(body=reply.body["data"])


@behaviour("S7", "OpenRouter, provider routing")
def extra_field(ask: Ask, plain: Plain) -> Reply:
    """Needs a field in the body that OpenAI does not have."""
    if ask.body and ask.body.get("tenant") != TENANT:
        return problem(400, "Missing required field: 'tenant'.", param="tenant")
    return plain(ask)


@behaviour("S7", "gateways", lists=True)
def extra_header(ask: Ask, plain: Plain) -> Reply:
    """Needs a header that OpenAI does not have."""
    if ask.headers.get("x-tenant") != TENANT:
        return problem(403, "Missing header: x-tenant.")
    return plain(ask)


@behaviour("S7", "lm-eval #2436")
def self_signed(ask: Ask, plain: Plain) -> Reply:
    """Speaks TLS with a certificate that it signed itself."""
    return plain(ask)


@behaviour("S7", "lm-eval #3215")
def text_only(ask: Ask, plain: Plain) -> Reply:
    """Refuses prompts that are token ids."""
    given = ask.body.get("prompt", "")
    if isinstance(given, list) and given and not isinstance(given[0], str):
        return problem(400, "prompt: Input should be a valid string", param="prompt")
    return plain(ask)


@behaviour("S7", "llama.cpp server")
def one_prompt(ask: Ask, plain: Plain) -> Reply:
    """Refuses several prompts in one request."""
    given = ask.body.get("prompt", "")
    if isinstance(given, list) and len(given) > 1 and not isinstance(given[0], int):
        return problem(400, "only one prompt per request is supported", param="prompt")
    return plain(ask)
