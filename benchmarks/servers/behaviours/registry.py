"""What a behaviour is, and where all of them are found by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.servers.wire import Ask, Plain, Reply

Respond = Callable[[Ask, Plain], Reply]
"""Answers a request; may change it, pass it to the faultless server, and change the reply."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A way in which a server differs from a faultless one.

    Attributes:
        name: Such as ``filter-empty``.
        group: Class that it belongs to, such as ``S1``.
        what: What the server does.
        reference: Server or report that shows it; empty where it follows from the protocol.
        respond: Answers a request.
        lists: Whether it answers requests for the list of models, too.
    """

    name: str
    group: str
    what: str
    reference: str
    respond: Respond
    lists: bool = False


BEHAVIOURS: dict[str, Behaviour] = {}
"""Every behaviour by its name."""


def behaviour(
    group: str, reference: str = "", *, lists: bool = False
) -> Callable[[Respond], Respond]:
    """Register a function as the behaviour that bears its name."""

    def register(respond: Respond) -> Respond:
        name = respond.__name__.replace("_", "-")
        what = (respond.__doc__ or "").strip().splitlines()[0].rstrip(".")
        if name in BEHAVIOURS:
            raise ValueError(f"two behaviours are named '{name}'")
        BEHAVIOURS[name] = Behaviour(name, group, what, reference, respond, lists)
        return respond

    return register


@behaviour("S0")
def plain(ask: Ask, plain: Plain) -> Reply:
    """Does all that is asked of it."""
    return plain(ask)
