"""Ways in which servers differ from a faultless one, by class."""

from __future__ import annotations

from benchmarks.servers.behaviours import (
    bodies,
    caches,
    ceilings,
    counting,
    echoes,
    first,
    gateways,
    identity,
    misrouted,
    parameters,
    proxies,
    redirects,
    responses,
    shapes,
    spellings,
    streams,
    thinking,
    waiting,
)
from benchmarks.servers.behaviours.registry import BEHAVIOURS, Behaviour

__all__ = [
    "BEHAVIOURS",
    "Behaviour",
    "bodies",
    "caches",
    "ceilings",
    "counting",
    "echoes",
    "first",
    "gateways",
    "identity",
    "misrouted",
    "parameters",
    "proxies",
    "redirects",
    "responses",
    "shapes",
    "spellings",
    "streams",
    "thinking",
    "waiting",
]
