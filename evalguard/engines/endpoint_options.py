"""The options of an endpoint, read and checked; keys come from the environment only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from evalguard.errors import UsageError, did_you_mean

_OWN = ("base_url", "api", "model", "adapters", "key_env", "num_concurrent")
_LM_EVAL = (
    "batch_size",
    "ca_cert_path",
    "custom_prefix_token_id",
    "eos_string",
    "max_gen_toks",
    "max_retries",
    "seed",
    "timeout",
    "tokenized_requests",
    "verify_certificate",
)
_SECRETS = ("api_key", "auth_token", "header", "headers", "key", "token")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """Where a server is, and what its models are called there.

    Attributes:
        root: URL up to and including ``/v1``.
        chat: Whether it is asked by chat messages, which gives no log-likelihoods.
        model: Name of the base on the server; the base's own name by default.
        adapters: Name on the server of a candidate; the candidate's own name by default.
        key: The key, from the environment; empty where none is set.
        num_concurrent: Requests under way at a time.
        further: Options for lm-eval's class.
    """

    root: str
    chat: bool
    model: str | None
    adapters: Mapping[str, str]
    key: str = field(repr=False)
    num_concurrent: int
    further: Mapping[str, Any]

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> EndpointOptions:
        """Read the options of a project file.

        Raises:
            UsageError: If one is missing, unknown, or holds a key.
        """
        _check_names(options)
        key_env = str(options.get("key_env", "OPENAI_API_KEY"))
        api = options.get("api", "completions")
        if api not in ("completions", "chat"):
            raise UsageError(f"engine: options: api '{api}': choose 'completions' or 'chat'.")
        return cls(
            root=_root(str(options.get("base_url", ""))),
            chat=api == "chat",
            model=options.get("model"),
            adapters=dict(options.get("adapters") or {}),
            key=os.environ.get(key_env, ""),
            num_concurrent=max(2, int(options.get("num_concurrent", 16))),
            further={name: options[name] for name in _LM_EVAL if name in options},
        )

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"{self.root}/{'chat/completions' if self.chat else 'completions'}"

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a request."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def _check_names(options: Mapping[str, Any]) -> None:
    for name in options:
        if name in _SECRETS:
            raise UsageError(
                f"engine: options: '{name}' does not belong into a file. Put the key into the "
                f"environment variable OPENAI_API_KEY, or name another one with 'key_env'."
            )
        if name not in (*_OWN, *_LM_EVAL):
            hint = did_you_mean(name, (*_OWN, *_LM_EVAL))
            raise UsageError(f"engine: options: unknown option '{name}' of an endpoint. {hint}")


def _root(url: str) -> str:
    """Return a URL without the part that says what is asked for."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"engine: options: base_url is '{url}'. Give the server's URL, such as "
            f"http://localhost:8000/v1."
        )
    if parts.username or parts.password or parts.query:
        raise UsageError(
            "engine: options: base_url holds a user, a password or a query. Keys go into the "
            "environment variable OPENAI_API_KEY, or the one named with 'key_env'."
        )
    plain = url.rstrip("/")
    for end in ("/chat/completions", "/completions"):
        plain = plain.removesuffix(end)
    return plain
