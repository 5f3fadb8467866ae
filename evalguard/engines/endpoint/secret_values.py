"""What a server must not show of its user."""

from __future__ import annotations

import re

from evalguard.engines.endpoint.options import EndpointOptions

SHORTEST = 8
"""Characters from which a secret is looked for in answers; less is a word such as ``EMPTY`` for a
server that needs no key."""

_SECRET_HEADER = re.compile("auth|key|token|secret|cookie", re.IGNORECASE)
"""In the name of a header whose value is a secret; others hold a version or a tenant."""

_SCHEME = re.compile(r"(?:bearer|basic|token|api-?key)\s+", re.IGNORECASE)
"""Stands before a key in a header, and is no secret."""


def secrets_of(options: EndpointOptions) -> list[str]:
    """Return the key and the values of headers that are secrets, those that hold others first."""
    values = [value for name, value in options.headers.items() if _SECRET_HEADER.search(name)]
    found = {_SCHEME.sub("", value.strip(), count=1) for value in values} | {options.key}
    return sorted(filter(None, found), key=len, reverse=True)
