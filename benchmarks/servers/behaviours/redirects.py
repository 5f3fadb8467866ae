"""S7: servers that have moved."""

from __future__ import annotations

from benchmarks.servers.behaviours.registry import behaviour
from benchmarks.servers.wire import Ask, Plain, Reply


def _moved(status: int, target: str) -> Reply:
    return Reply(status=status, raw=b"", headers=(("Location", target),))


@behaviour("S7", "RFC 9110, 15.4.8", lists=True)
def moved_307(ask: Ask, plain: Plain) -> Reply:
    """Redirects every request to another path, by a status that keeps its body."""
    if ask.path.startswith("/v1/"):
        return _moved(307, f"/gateway{ask.path}")
    return plain(ask)


@behaviour("S7", "RFC 9110, 15.4.3")
def moved_302(ask: Ask, plain: Plain) -> Reply:
    """Redirects to a page for signing in, by a status that drops the body."""
    return _moved(302, "/login") if ask.path.startswith("/v1/") else plain(ask)


@behaviour("S7")
def moved_away(ask: Ask, plain: Plain) -> Reply:
    """Redirects to another host, which would get the key."""
    host = ask.headers["host"].replace("127.0.0.1", "localhost")
    return _moved(307, f"http://{host}/v2/chat/completions")


@behaviour("S7")
def moved_in_circles(ask: Ask, plain: Plain) -> Reply:
    """Redirects to itself."""
    return _moved(308, ask.path)
