"""Whether the Hugging Face Hub can be reached, found once and quickly."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies

from evalguard.errors import ModelError

SECONDS = 5.0
"""How long a connection to the hub may take."""


@cache
def check_hub() -> bool:
    """Switch the hub's libraries to offline mode if the hub cannot be reached.

    They retry a failed request five times, for 25 seconds and more a file. In offline mode what
    is cached is still found, and what is not fails at once. Behind a proxy nothing is tried.

    Returns:
        Whether the hub may be asked.
    """
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return False
    address = urlsplit(constants.ENDPOINT)
    proxies = getproxies()
    if proxies.get(address.scheme) or proxies.get("all"):
        return True
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=SECONDS).close()
    except OSError:
        constants.HF_HUB_OFFLINE = True
        if "datasets.config" in sys.modules:  # which copied the switch when it was imported
            sys.modules["datasets.config"].HF_HUB_OFFLINE = True  # type: ignore[attr-defined]
        return False
    return True


def loading_errors() -> tuple[type[Exception], ...]:
    """Return what transformers raises for a model whose files are missing or hold odd values."""
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    values = (AttributeError, KeyError, TypeError, ValueError, StrictDataclassError)
    return (*values, OSError, SafetensorError)


@contextmanager
def loading_tokenizer(source: str, what: str, fix: str) -> Iterator[None]:
    """Load a tokenizer within the block.

    Args:
        source: Where it comes from.
        what: What an error says of the source.
        fix: What it says to do.

    Raises:
        ModelError: If the tokenizer's files are missing or hold odd values.
    """
    try:
        yield
    except Exception as error:
        # The library tokenizers raises Exception itself, and no class of its own.
        if type(error) is not Exception and not isinstance(error, loading_errors()):
            raise
        reason = str(error).splitlines()[0]
        raise ModelError(f"{source}: {what}: {reason} {fix}") from error
