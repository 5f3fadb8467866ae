"""Whether the Hugging Face Hub can be reached, found once and quickly."""

from __future__ import annotations

import socket
import sys
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies

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


def is_of_tokenizer(error: Exception) -> bool:
    """Return whether an error may come of a tokenizer's files.

    The library ``tokenizers`` raises :class:`Exception` itself, and no class of its own.
    """
    return type(error) is Exception or isinstance(error, loading_errors())
