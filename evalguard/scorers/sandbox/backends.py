"""Which sandboxes there are, whether they work on this machine, and how a process starts in one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Literal

from evalguard.errors import MeasurementError, UsageError
from evalguard.scorers.sandbox.containers import CONTAINERS, container, feed, image_problem
from evalguard.scorers.sandbox.inside.main import LENGTH_BYTES, STARTED

SandboxKind = Literal["auto", "bubblewrap", "sandlock", "podman", "docker", "none"]
"""What a suite may ask for: the first one that works, that one, or none at all."""

KINDS = ("bubblewrap", "sandlock", *CONTAINERS)
"""The sandboxes, in the order in which ``auto`` tries them: a container takes longest to start."""

INSTALL = "apt install bubblewrap, or pip install 'evalguard[sandbox]'"
FOLDER_BYTES = 16 << 20
"""Size of the temporary folder, the only one that can be written."""

PROBE_SECONDS = 20.0
_PROGRAMS = {"bubblewrap": "bwrap"}
_HERE = Path(__file__).parent
_SYSTEM = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache",
           "/etc/alternatives", "/usr/share/zoneinfo")  # fmt: skip
_ENVIRONMENT = {
    "PATH": os.defpath,
    "HOME": "/tmp",  # noqa: S108 - the sandbox's own
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_START = "import sys; sys.path.insert(0, {folder!r}); from inside.main import main; main()"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a sandbox works here.

    Attributes:
        kind: Its name.
        description: Its name and version; empty if it is not installed.
        problem: Why it does not work; empty if it does.
    """

    kind: str
    description: str
    problem: str


def availability() -> tuple[Availability, ...]:
    """Return every sandbox, best first, each tried once."""
    return tuple(_tried(kind) for kind in KINDS)


_chosen: ContextVar[set[str] | None] = ContextVar("chosen", default=None)


@contextmanager
def noting_choices() -> Iterator[Set[str]]:
    """Collect the sandboxes that code which runs within the block is given, by their kind."""
    found: set[str] = set()
    token = _chosen.set(found)
    try:
        yield found
    finally:
        _chosen.reset(token)


def choose(kind: SandboxKind = "auto") -> Availability:
    """Return the sandbox that code will run in.

    Args:
        kind: ``auto`` for the first one that works, or the name of one; ``none`` for no sandbox.

    Raises:
        UsageError: If it does not work here; says why, and what to install.
    """
    if (noted := _chosen.get()) is not None:
        noted.add(kind)
    if kind == "none":
        return Availability("none", "none", "")
    found = []
    for name in KINDS:
        if kind in ("auto", name):
            found.append(_tried(name))
            if not found[-1].problem:
                return found[-1]
    reasons = "; ".join(f"{one.kind}: {one.problem}" for one in found)
    raise UsageError(
        f"code that a model wrote runs in a sandbox only, and there is none here ({reasons}). "
        f"Install one ({INSTALL}), or set sandbox: none to run the code without, which the report "
        "will say"
    )


def own_folder(kind: str) -> AbstractContextManager[str]:
    """Return the working directory of a run; a new folder only where a kind needs one."""
    if kind == "none":
        return tempfile.TemporaryDirectory(prefix="evalguard-", ignore_cleanup_errors=True)
    return nullcontext("/")


def launch(
    kind: str,
    job: Mapping[str, Any],
    *,
    folder: str,
    reads: IO[bytes] | None = None,
    writes: IO[bytes] | None = None,
    feeds: IO[bytes] | None = None,
) -> Launched:
    """Start a process in a sandbox.

    Args:
        kind: The sandbox.
        job: What it does, see :mod:`evalguard.scorers.sandbox.inside.main`.
        folder: From :func:`own_folder`.
        reads: The end of a pipe from which it reads messages.
        writes: The end of the pipe to which it writes them.
        feeds: The other end of the pipe that it reads.

    Raises:
        MeasurementError: If it cannot be started.
    """
    contained = kind in CONTAINERS
    own_mounts = contained or kind == "bubblewrap"
    mounted = "/sandbox" if own_mounts else str(_HERE)
    on_stderr = contained and job["role"] == "tests"
    whole = {
        "kind": kind,
        "contained": contained,
        "mounted": mounted,
        "packages": _packages(),
        "readable": [*_readable(), *_packages()],
        "verdict": 2 if on_stderr else 1,
        "reads": 0 if contained or reads is None else reads.fileno(),
        "writes": 1 if contained or writes is None else writes.fileno(),
        **job,
    }
    data = json.dumps(whole).encode()
    data = len(data).to_bytes(LENGTH_BYTES, "big") + data
    walls = [] if not own_mounts else _container(kind, job) if contained else _bubblewrap()
    # In files and not through pipes, so that nothing waits for a process that does not read.
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        wired = contained and reads is not None
        try:
            process = subprocess.Popen(
                [*walls, _python(), "-I", "-S", "-B", "-c", _START.format(folder=mounted)],
                stdin=reads if wired else given,
                stdout=writes if wired and writes is not None else subprocess.PIPE,
                stderr=subprocess.PIPE if on_stderr else errors,
                cwd=folder,
                # a container's client needs its user's own
                env=None if contained else _ENVIRONMENT,
                pass_fds=[] if contained else [one.fileno() for one in (reads, writes) if one],
                start_new_session=True,
            )
        except OSError as error:
            errors.close()
            raise MeasurementError(f"the sandbox could not be started: {error}") from error
    launched = Launched(process, process.stderr or process.stdout, errors, contained)
    if wired and feeds is not None:
        try:
            feed(feeds.fileno(), data, PROBE_SECONDS)
        except MeasurementError:
            launched.end()
            raise
    return launched


@dataclass(frozen=True, slots=True)
class Launched:
    """A process in a sandbox.

    Attributes:
        process: The process, or the client that has started its container.
        verdict: What it says, if it is the tests'.
        errors: What it writes to standard error before its walls are closed.
        contained: Whether a container runs it.
    """

    process: subprocess.Popen[bytes]
    verdict: IO[bytes] | None
    errors: IO[bytes]
    contained: bool

    def end(self) -> None:
        """Kill it and its group; with bubblewrap and in a container all that runs there ends."""
        if self.process.returncode is None:
            if self.contained:
                self.process.terminate()  # which the client hands on, and then removes it
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(PROBE_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.verdict is not None:
            self.verdict.close()
        self.errors.close()


def last_line(errors: IO[bytes]) -> str:
    """Return the last line that a process wrote to standard error."""
    errors.seek(0)
    lines = errors.read(1 << 16).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _python() -> str:
    """Return the interpreter itself, not the link of a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@cache
def _readable() -> tuple[str, ...]:
    """Return the folders that Python needs: no home, no project, no configuration."""
    prefix = Path(_python()).parent.parent
    return tuple(
        str(one) for one in (*map(Path, _SYSTEM), prefix / "lib", prefix / "lib64") if one.exists()
    )


@cache
def _packages() -> tuple[str, ...]:
    """Return the folders of installed packages."""
    names = ("site-packages", "dist-packages")
    return tuple(path for path in sys.path if Path(path).name in names and Path(path).is_dir())


def _container(kind: str, job: Mapping[str, Any]) -> list[str]:
    """Return the command line of a container."""
    return container(
        kind,
        job,
        shown=[*_readable(), *_packages(), _python()],
        folder_bytes=FOLDER_BYTES,
        inside=str(_HERE / "inside"),
        environment=_ENVIRONMENT,
    )


def _bubblewrap() -> list[str]:
    """Return bubblewrap's command line, which the program to run follows."""
    shown = [*_readable(), *_packages(), _python()]
    return [
        shutil.which("bwrap") or "bwrap",
        *("--unshare-all", "--unshare-user", "--cap-drop", "ALL"),
        *("--uid", "65534", "--gid", "65534", "--die-with-parent", "--new-session"),
        # before what is shown, as an environment may lie there
        *("--size", str(FOLDER_BYTES), "--tmpfs", "/tmp"),  # noqa: S108
        *(word for path in shown for word in ("--ro-bind", path, path)),
        *("--ro-bind", str(_HERE / "inside"), "/sandbox/inside"),
        *("--dev", "/dev", "--remount-ro", "/dev"),
        *("--chdir", "/tmp"),  # noqa: S108
        *("--remount-ro", "/", "--"),
    ]


@cache
def _tried(kind: str) -> Availability:
    """Start a process that closes its walls and does nothing."""
    if kind == "sandlock":
        if find_spec("sandlock") is None:
            return Availability(kind, "", "the package is not installed")
        description = f"sandlock {version('sandlock')}"
    else:
        program = _PROGRAMS.get(kind, kind)
        if shutil.which(program) is None:
            return Availability(kind, "", f"{program} is not installed")
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        description = said.stdout.strip() or kind
    if kind in CONTAINERS and (problem := image_problem(kind)):
        return Availability(kind, description, problem)
    job = {"role": "probe", "cpu_seconds": int(PROBE_SECONDS), "memory_bytes": 1 << 30}
    with own_folder(kind) as folder:
        launched = launch(kind, job, folder=folder)
        try:
            said_bytes, _ = launched.process.communicate(timeout=PROBE_SECONDS)
            problem = "" if said_bytes == STARTED else last_line(launched.errors)
        except subprocess.TimeoutExpired:
            problem = f"it did not start in {PROBE_SECONDS:.0f} s"
        finally:
            launched.end()
    return Availability(kind, description, problem)
