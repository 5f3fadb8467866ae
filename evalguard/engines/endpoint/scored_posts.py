"""Asks for the measured answers with their log-probabilities, where the server tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalguard.engines.endpoint.client import Client
from evalguard.errors import EngineError

_REFUSED = re.compile(r"status 4(?!08|29)")
"""Begins the words of a refusal that is not one of the moment."""


def wanted(*, chat: bool) -> Mapping[str, Any]:
    """Return the field that asks for log-probabilities."""
    return {"logprobs": True if chat else 1}


def post_scored(
    client: Client, bodies: Sequence[Mapping[str, Any]], places: Sequence[int], *, chat: bool
) -> Iterator[tuple[int, Any]]:
    """Send requests, some with a field that asks for log-probabilities.

    Those that are refused are sent again without: a server may tell no log-probabilities of some.

    Args:
        client: Sends them.
        bodies: Their fields.
        places: Which of them ask for log-probabilities.
        chat: Whether models are asked by chat messages.

    Yields:
        Position, each once, with plain data or an :class:`EngineError`.

    Raises:
        EngineError: If the server answers nothing any more.
    """
    asking = set(places)
    more = wanted(chat=chat)
    sent = [{**body, **more} if at in asking else body for at, body in enumerate(bodies)]
    refused: list[int] = []
    for at, data in client.post_all(sent):
        if at in asking and isinstance(data, EngineError) and _REFUSED.match(str(data)):
            refused.append(at)
        else:
            yield at, data
    for place, data in client.post_all([bodies[at] for at in refused]):
        yield refused[place], data
