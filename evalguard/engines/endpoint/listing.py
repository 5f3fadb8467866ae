"""What a server tells of the models that it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.decoding import next_step
from evalguard.errors import EngineError, ModelError

_CONTEXT_KEYS = (
    "max_model_len",
    "context_length",
    "context_window",
    "max_context_length",
    "n_ctx",
    "max_seq_len",
)
_NESTED = ("meta", "parameters")
"""Where llama.cpp's server and TabbyAPI put it; the context of the training is another key."""

_NO_LIST = ("status 404", "status 405", "status 501")


def check_own_name(name: str, served: str, others: Mapping[str, str]) -> None:
    """Check that no other candidate has a candidate's name on the server.

    Args:
        name: The candidate.
        served: Its name on the server.
        others: Names on the server by candidate.

    Raises:
        ModelError: If another one has it: only one of their adapters can answer.
    """
    for other, known in others.items():
        if other != name and known == served:
            raise ModelError(
                f"the candidates '{other}' and '{name}' have one name on the server, '{served}', "
                "so one of them would get the other's verdict. Give each its own under 'engine: "
                "options: adapters'"
            )


def listed_models(client: Client) -> dict[str, int | None]:
    """Return the models that a server lists, with their context where it tells.

    A server without a list, or with one in another form, may serve any name.

    Raises:
        EngineError: If it cannot be reached, or refuses.
    """
    try:
        data = client.get("models")
    except EngineError as error:
        if any(mark in str(error) for mark in _NO_LIST):
            return {}
        raise EngineError(
            f"{client.root}/models: the server's list of models cannot be read: "
            f"{str(error).rstrip('.')}. {next_step(str(error))}"
        ) from None
    entries = data.get("data") if isinstance(data, Mapping) else None
    named = {
        str(name): entry
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and "id" in entry
        for name in (*_aliases(entry), entry["id"])
    }
    return {
        # An adapter has the context of the model that it is for.
        name: _context(entry) or _context(named.get(str(entry.get("parent")), {}))
        for name, entry in named.items()
    }


def _aliases(entry: Mapping[str, Any]) -> list[Any]:
    """Return further names of a listed model."""
    found = entry.get("aliases")
    return found if isinstance(found, list) else []


def _context(entry: Mapping[str, Any]) -> int | None:
    """Return the context of a listed model, under the keys that servers use."""
    places = (entry, *(one for key in _NESTED if isinstance(one := entry.get(key), Mapping)))
    found = next((one[key] for one in places for key in _CONTEXT_KEYS if one.get(key)), None)
    return int(found) if isinstance(found, int | float) else None
