"""How a server is reached: the certificates that are trusted, and the proxy."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from evalguard.engines.endpoint.options import EndpointOptions
from evalguard.errors import UsageError

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name the authorities' certificates."""


def open_http(options: EndpointOptions) -> httpx.Client:
    """Return what sends requests.

    Raises:
        UsageError: If the authority's file or the environment's proxy cannot be used.
    """
    verify = _trusted(options)
    settings: dict[str, Any] = {
        "headers": dict(options.headers),
        "params": dict(options.query),
        "timeout": httpx.Timeout(options.timeout, connect=min(30.0, options.timeout)),
        "limits": httpx.Limits(max_connections=options.num_concurrent),
    }
    try:
        return httpx.Client(verify=verify, proxy=options.proxy, **settings)
    except ImportError:
        raise UsageError(
            "a SOCKS proxy (engine: options: proxy, or the environment's) needs a further package: "
            "pip install socksio"
        ) from None
    except (ValueError, httpx.InvalidURL):  # it shows the address, which may hold a password
        raise UsageError(
            "the proxy in the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) is not a URL such "
            "as http://proxy:3128."
        ) from None


def proxy_of(options: EndpointOptions) -> str:
    """Return host and port of the proxy that requests go through; empty for none."""
    parts = urlsplit(options.root)
    if options.proxy is None and proxy_bypass(parts.hostname or ""):
        return ""
    known = getproxies()
    url = options.proxy or known.get(parts.scheme) or known.get("all") or ""
    return urlsplit(url).netloc.rpartition("@")[2]


def _trusted(options: EndpointOptions) -> ssl.SSLContext | bool:
    if isinstance(options.verify, bool):
        return _of_environment(*map(os.environ.get, _CERTIFICATES)) if options.verify else False
    path = Path(options.verify)
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = error.strerror if error.filename or not isinstance(error, ssl.SSLError) else error
        raise UsageError(
            f"engine: options: ca_cert_path: {path}: not certificates in PEM form: {reason}."
        ) from None


@cache
def _of_environment(*_named: str | None) -> ssl.SSLContext:
    """Return the trusted certificates, which take 20 ms to read: once for all clients."""
    return httpx.create_ssl_context()
