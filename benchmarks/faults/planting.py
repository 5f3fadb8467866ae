"""A fresh copy of the project, and what a user would run in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

WARM = "benchmarks.faults.warm"
"""Read once, then forked for each command."""

SECONDS = 90.0
"""Time that a command may take before it counts as one that hangs."""

OUTPUTS = ("result.json", "junit.xml", "reports/index.html", "summary.md")
"""What commands write that people or a CI read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a command did.

    Attributes:
        code: Its exit code.
        output: What it printed, standard error included.
        written: What it wrote that people or a CI read, by the name of the file.
        seconds: Time that it took.
        timed_out: Whether it had to be ended.
    """

    code: int
    output: str = ""
    written: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    timed_out: bool = False

    @property
    def result(self) -> dict[str, Any] | None:
        """The result as JSON, if one was written."""
        text = self.written.get("result.json")
        found: dict[str, Any] | None = json.loads(text) if text else None
        return found

    @property
    def last_line(self) -> str:
        """The line that says how it ended: the verdict, the error, or the last one."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        telling = [line for line in lines if re.match(r"[✓✗?!] |error:|ERROR|evalguard:", line)]
        return ([*lines, *telling] or ["nothing printed"])[-1][:160]


class Place:
    """A copy of the project that is one fault's own.

    Args:
        folder: The copy.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text in a file, which must have it."""
        path = self / file
        text = path.read_text(encoding="utf-8")
        if old not in text:
            raise LookupError(f"{file} has no {old!r}")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, file: str, text: str) -> Path:
        """Write a file, its folder included."""
        path = self / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def edit_json(self, file: str, **values: Any) -> None:
        """Set keys of a JSON file; ``None`` removes one."""
        path = self / file
        data = json.loads(path.read_text(encoding="utf-8")) | values
        kept = {key: value for key, value in data.items() if value is not None}
        path.write_text(json.dumps(kept), encoding="utf-8")

    def rows(self, file: str = "suites/facts.jsonl") -> list[dict[str, Any]]:
        """Return the rows of a data file."""
        return [json.loads(line) for line in (self / file).read_text().splitlines()]

    def set_rows(self, rows: Iterable[Mapping[str, Any]], file: str = "suites/facts.jsonl") -> None:
        """Write the rows of a data file."""
        (self / file).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def worsen(self) -> None:
        """Put the harmful adapter in the place of the one under test."""
        shutil.copytree(self / "adapters/harmful", self / "adapters/v2", dirs_exist_ok=True)

    def forget(self) -> None:
        """Remove the store."""
        shutil.rmtree(self / ".evalguard", ignore_errors=True)

    def gates(self, *gates: str, **settings: Any) -> None:
        """Write the thresholds, each gate as YAML in braces."""
        head = "".join(f"{key}: {value}\n" for key, value in ({"version": 1} | settings).items())
        lines = "".join(f"  - {{{gate}}}\n" for gate in gates)
        self.write("thresholds/release.yaml", f"{head}gates:\n{lines}")

    @contextmanager
    def store(self) -> Iterator[sqlite3.Connection]:
        """Open the store as a forger would."""
        connection = sqlite3.connect(self / ".evalguard/store.db")
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()

    def check(
        self,
        *arguments: str,
        hook: Callable[[], None] | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> Seen:
        """Run ``evalguard check``.

        Args:
            *arguments: Further ones.
            hook: Called in the process first, to make another process's timing certain.
            env: Further environment variables.
            seconds: Time that it may take.
        """
        every = ("check", "--json", "result.json", "--junitxml", "junit.xml", *arguments)
        return self.evalguard(*every, hook=hook, env=env, seconds=seconds)

    def evalguard(
        self,
        *arguments: str,
        hook: Callable[[], None] | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> Seen:
        """Run a command of EvalGuard in a process of its own."""
        return self.call(partial(_command_line, arguments, hook), env=env, seconds=seconds)

    def call(
        self,
        function: Callable[[], int],
        *,
        env: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
    ) -> Seen:
        """Run a function in a process of its own; what it returns is the exit code."""
        log = self / "output.log"
        context = get_context("forkserver")
        started = time.monotonic()
        process = context.Process(
            target=_run, args=(function, str(self.folder), str(log), dict(env or {})), daemon=False
        )
        process.start()
        process.join(seconds)
        timed_out = process.is_alive()
        if timed_out:
            process.kill()
            process.join()
        return self._seen(process.exitcode or 0, log, time.monotonic() - started, timed_out)

    def script(self, *arguments: str, package: Path | None = None, **env: str) -> Seen:
        """Run ``python -m evalguard`` from cold, with another copy of the package where given."""
        log = self / "output.log"
        path = os.pathsep.join(filter(None, [str(package or ""), os.environ.get("PYTHONPATH", "")]))
        started = time.monotonic()
        with log.open("w") as output:
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": path, **env},
                check=False,
                timeout=3 * SECONDS,
            )
        return self._seen(done.returncode, log, time.monotonic() - started, timed_out=False)

    def _seen(self, code: int, log: Path, seconds: float, timed_out: bool) -> Seen:
        written = {
            name: (self / name).read_text(encoding="utf-8", errors="replace")
            for name in OUTPUTS
            if (self / name).is_file()
        }
        output = log.read_bytes().decode("utf-8", "replace") if log.is_file() else ""
        return Seen(code=code, output=output, written=written, seconds=seconds, timed_out=timed_out)


def warm_up() -> None:
    """Read what every command needs, so that none waits for it."""
    context = get_context("forkserver")
    context.set_forkserver_preload([WARM])
    process = context.Process(target=int)
    process.start()
    process.join()


def _run(function: Callable[[], int], folder: str, log: str, env: dict[str, str]) -> None:
    os.environ |= env
    os.chdir(folder)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    code = 70
    try:
        code = function()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _command_line(arguments: tuple[str, ...], hook: Callable[[], None] | None) -> int:
    from evalguard.cli import main

    if hook is not None:
        hook()
    return main(list(arguments))
