"""One check in this process, with the CPU seconds of its parts: a child of ``start_up``."""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

PARTS = (
    ("project files", "evalguard.config", "load_project"),
    ("model files", "evalguard.runner.models", "ModelPool.check_files"),
    ("plan", "evalguard.runner.check", "prepare"),
    ("stored samples", "evalguard.runner.measure", "Measurer.measure"),
    ("deciding", "evalguard.runner.check", "decide_gates"),
    ("summary", "evalguard.runner.check", "summarize"),
    ("diagnosis", "evalguard.runner.summary", "diagnose"),
    ("HTML report", "evalguard.reports.html", "write_html"),
    ("printed summary", "evalguard.reports.terminal", "print_summary"),
)
"""What the table calls a part, its module, and the function that is timed."""


class Clock:
    """CPU seconds by name; of nested parts each has its own alone."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = defaultdict(float)
        self.imports: dict[str, float] = defaultdict(float)
        self._running: list[tuple[dict[str, float], str]] = [
            (self.parts, "all else, such as pytest")
        ]
        self._since = 0.0  # the interpreter's own start belongs to "all else"

    def _stop(self) -> None:
        now = time.process_time()
        into, name = self._running[-1]
        into[name] += now - self._since
        self._since = now

    def timed(self, into: dict[str, float], name: str, function: Callable[..., Any]) -> Any:
        """Return a function's value, counting its time."""
        self._stop()
        self._running.append((into, name))
        try:
            return function()
        finally:
            self._stop()
            self._running.pop()

    def finish(self) -> None:
        """Count what ran since the last part ended."""
        self._stop()


def watch_imports(clock: Clock) -> None:
    """Count what each package's modules take to load."""
    bootstrap: Any = vars(importlib)["_bootstrap"]  # there is no public place to wait at
    load = bootstrap._find_and_load

    def find_and_load(name: str, import_: Any) -> Any:
        package = ".".join(name.split(".")[: 2 if name.startswith("evalguard") else 1])
        return clock.timed(clock.imports, package, lambda: load(name, import_))

    bootstrap._find_and_load = find_and_load


def watch_parts(clock: Clock) -> None:
    """Count each of the parts when its module is loaded."""
    waiting: dict[str, list[tuple[str, str]]] = {module: [] for _, module, _ in PARTS}
    for part, module, name in PARTS:
        waiting[module].append((part, name))
    bootstrap: Any = vars(importlib)["_bootstrap"]
    load = bootstrap._load_unlocked

    def load_unlocked(spec: Any) -> Any:
        module = load(spec)
        for part, name in waiting.pop(spec.name, ()):
            owner: Any = module
            *classes, attribute = name.split(".")
            for one in classes:
                owner = getattr(owner, one)
            setattr(owner, attribute, _counted(clock, part, getattr(owner, attribute)))
        return module

    bootstrap._load_unlocked = load_unlocked


def _counted(clock: Clock, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def counted(*args: Any, **kwargs: Any) -> Any:
        return clock.timed(clock.parts, part, lambda: function(*args, **kwargs))

    return counted


def main() -> None:
    """Run ``evalguard`` with the words of the command line and print what its parts took."""
    clock = Clock()
    watch_imports(clock)
    watch_parts(clock)
    from evalguard.cli import main as command_line

    command_line(sys.argv[1:])
    clock.finish()
    print("RESULT " + json.dumps({"parts": clock.parts, "imports": clock.imports}))


if __name__ == "__main__":
    main()
