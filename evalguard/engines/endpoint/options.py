"""The options of an endpoint, read and checked; keys come from the environment only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from evalguard.errors import UsageError, did_you_mean

_NAMES = (
    "base_url",
    "api",
    "model",
    "adapters",
    "key_env",
    "key_header",
    "headers_env",
    "query",
    "num_concurrent",
    "timeout",
    "max_wait",
    "max_retries",
    "seed",
    "rename",
    "drop",
    "extra_body",
    "tokenized_requests",
    "add_bos_token",
    "custom_prefix_token_id",
    "eos_string",
    "max_gen_toks",
    "verify_certificate",
    "ca_cert_path",
    "proxy",
    "trust_route",
)
_SECRETS = ("api_key", "auth_token", "header", "headers", "key", "token")

_FIELDS = ("max_tokens", "seed", "stop", "temperature")
"""Fields of a request that a server may know by another name, or not at all."""

_OURS = ("model", "prompt", "messages", "best_of", "echo", "logprobs", "seed", "stop")
"""Fields of a request that the tasks decide, and no option."""

_FIXED = {"n": (1,), "stream": (True, False)}
"""Fields that may be sent with these values alone: there is one answer, read as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions:
    """Where a server is, what its models are called there, and how it is asked.

    Attributes:
        root: URL up to and including ``/v1``, or an Azure deployment.
        chat: Whether it is asked by chat messages, which gives no log-likelihoods.
        model: Name of the base on the server; the base's own name by default.
        adapters: Name on the server of a candidate; the candidate's own name by default.
        key: The key, from the environment; empty where none is set.
        headers: Headers of every request, the key's among them.
        query: What follows the URL, such as Azure's ``api-version``.
        num_concurrent: Requests under way at a time.
        timeout: Seconds that one request may take.
        max_wait: Seconds without any answer after which the server is given up.
        max_retries: Attempts at a request that fails while the server answers others.
        seed: Seed of requests that have none of their own.
        rename: Fields of a request that the server knows by another name.
        drop: Fields that are not sent.
        extra_body: Fields that are sent with every request.
        tokenized_requests: Whether prompts are sent as tokens, where the server is not asked by
            chat messages.
        add_bos_token: Whether prompts begin with the token that begins a text.
        prefix_token: Token before a text without a prompt; the tokenizer's own by default.
        eos_string: Text that ends an answer, besides the stop strings.
        max_gen_toks: Tokens of an answer whose task sets no limit.
        verify: Whether the server's certificate is checked, or the file of the authority's.
        proxy: URL of a proxy; the environment's by default.
        trust_route: Whether the user vouches that each name reaches its model alone, where no
            log-probabilities show it.
    """

    root: str
    chat: bool
    model: str | None
    adapters: Mapping[str, str]
    key: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str]
    num_concurrent: int
    timeout: float
    max_wait: float
    max_retries: int
    seed: int
    rename: Mapping[str, str]
    drop: tuple[str, ...]
    extra_body: Mapping[str, Any]
    tokenized_requests: bool
    add_bos_token: bool
    prefix_token: int | None
    eos_string: str | None
    max_gen_toks: int
    verify: bool | str
    proxy: str | None
    trust_route: bool

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> EndpointOptions:
        """Read the options of a project file.

        Raises:
            UsageError: If one is missing, unknown, of another type, or holds a key.
        """
        _check_names(options)
        api = options.get("api", "completions")
        if api not in ("completions", "chat"):
            raise UsageError(f"engine: options: api '{api}': choose 'completions' or 'chat'.")
        key = _key(options)
        ca_file = options.get("ca_cert_path")
        return cls(
            root=_root(str(options.get("base_url", ""))),
            chat=api == "chat",
            model=options.get("model"),
            adapters=_mapping(options, "adapters"),
            key=key,
            headers=_headers(options, key),
            query={name: str(value) for name, value in _mapping(options, "query").items()},
            num_concurrent=int(_number(options, "num_concurrent", 16, least=1)),
            timeout=_number(options, "timeout", 300, least=1),
            max_wait=_number(options, "max_wait", 180, least=0),
            max_retries=int(_number(options, "max_retries", 3, least=1)),
            seed=int(_number(options, "seed", 1234, least=0)),
            rename=_fields(options, "rename"),
            drop=tuple(_fields(options, "drop")),
            extra_body=_extra_body(options),
            tokenized_requests=bool(options.get("tokenized_requests", True)),
            add_bos_token=bool(options.get("add_bos_token", False)),
            prefix_token=options.get("custom_prefix_token_id"),
            eos_string=options.get("eos_string"),
            max_gen_toks=int(_number(options, "max_gen_toks", 256, least=1)),
            verify=str(ca_file) if ca_file else bool(options.get("verify_certificate", True)),
            proxy=_proxy(options),
            trust_route=_flag(options, "trust_route"),
        )

    @property
    def samples_always(self) -> bool:
        """Whether no temperature of 0 reaches the server, because the user decided so."""
        return "temperature" in self.drop or bool(self.extra_body.get("temperature"))

    @property
    def names_adapters(self) -> bool:
        """Whether each request says which adapters it wants, as llama.cpp's server has it."""
        return isinstance(self.extra_body.get("lora"), list)

    @property
    def host(self) -> str:
        """Host and port of the server."""
        return urlsplit(self.root).netloc

    @property
    def url(self) -> str:
        """Where requests go."""
        return f"{self.root}/{'chat/completions' if self.chat else 'completions'}"


def _key(options: Mapping[str, Any]) -> str:
    """Return the key; empty where the environment holds none, as for a server without keys.

    Raises:
        UsageError: If the variable that the project names is not set.
    """
    named = options.get("key_env")
    if named and str(named) not in os.environ:
        raise UsageError(f"engine: options: key_env: the environment variable {named} is not set.")
    return os.environ.get(str(named or "OPENAI_API_KEY"), "").strip()


def _extra_body(options: Mapping[str, Any]) -> dict[str, Any]:
    found = _mapping(options, "extra_body")
    for name, value in found.items():
        allowed = [(type(one), one) for one in _FIXED.get(name, (value,))]
        if name in _OURS or (type(value), value) not in allowed:  # 1 is not True
            raise UsageError(
                f"engine: options: extra_body: '{name}' is set by each task. Leave it out."
            )
    return found


def _headers(options: Mapping[str, Any], key: str) -> dict[str, str]:
    headers = {}
    if key:
        named = str(options.get("key_header", "Authorization"))
        headers[named] = f"Bearer {key}" if named == "Authorization" else key
    for name, variable in _mapping(options, "headers_env").items():
        value = os.environ.get(str(variable))
        if value is None:
            raise UsageError(
                f"engine: options: headers_env: {name}: the environment variable {variable} is "
                f"not set."
            )
        headers[name] = value
    return headers


def _mapping(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = options.get(name) or {}
    if not isinstance(found, Mapping):
        raise UsageError(f"engine: options: {name} is {found!r}; give a mapping of names.")
    return dict(found)


def _fields(options: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return fields of a request by the names that they get; a list has them as they are."""
    found = options.get(name) or {}
    pairs = dict(found) if isinstance(found, Mapping) else {one: one for one in found}
    if unknown := [one for one in pairs if one not in _FIELDS]:
        raise UsageError(
            f"engine: options: {name}: '{unknown[0]}' is not a field that can be changed. "
            f"{did_you_mean(str(unknown[0]), _FIELDS)}"
        )
    return {str(field_): str(value) for field_, value in pairs.items()}


def _number(options: Mapping[str, Any], name: str, default: float, *, least: float) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise UsageError(f"engine: options: {name} is {value!r}; give a number from {least:g} up.")
    return float(value)


def _proxy(options: Mapping[str, Any]) -> str | None:
    url = options.get("proxy")
    if url is None:
        return None
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https", "socks5", "socks5h") or not parts.hostname:
        raise UsageError(
            f"engine: options: proxy is {url!r}; give its URL, such as http://proxy:3128."
        )
    if parts.username or parts.password:
        raise UsageError(
            "engine: options: proxy holds a user or a password, which do not belong in a file. Put "
            "the URL in the environment variable HTTPS_PROXY (for http:// servers, HTTP_PROXY)."
        )
    return str(url)


def _flag(options: Mapping[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise UsageError(f"engine: options: {name} is {value!r}; give true or false.")
    return value


def _check_names(options: Mapping[str, Any]) -> None:
    for name in options:
        if name in _SECRETS:
            raise UsageError(
                f"engine: options: '{name}' does not belong in a file. Put the key in the "
                "environment variable OPENAI_API_KEY, or name another one with 'key_env'; other "
                "headers come from variables named in 'headers_env'."
            )
        if name not in _NAMES:
            hint = did_you_mean(name, _NAMES)
            raise UsageError(f"engine: options: unknown option '{name}' of an endpoint. {hint}")


def _root(url: str) -> str:
    """Return a URL without the part that says what is asked for."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts):
        raise UsageError(
            f"engine: options: base_url is '{url}'. Give the server's URL, such as "
            f"http://localhost:8000/v1."
        )
    if parts.username or parts.password or parts.query:
        raise UsageError(
            "engine: options: base_url holds a user, a password or a query. Keys go in the "
            "environment variable OPENAI_API_KEY, or the one named with 'key_env'; anything "
            "that is not secret, such as Azure's api-version, goes in 'query'."
        )
    plain = url.rstrip("/")
    for end in ("/chat/completions", "/completions"):
        plain = plain.removesuffix(end)
    return plain


def _has_port(parts: SplitResult) -> bool:
    """Return whether the port of a URL, where it has one, can be one."""
    try:
        return parts.port != 0
    except ValueError:
        return False
