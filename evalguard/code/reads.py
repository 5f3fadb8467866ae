"""What code of a project reads while EvalGuard calls it: files, folders and environment variables.

Heard by Python's audit events, so that no list of what may be read has to be complete. Code of a
project is every file that is neither EvalGuard's, nor the standard library's, nor that of an
installed package; what it has a package read counts as well. Not heard are what another process or
a library in C reads, and whether a file exists.

Each project of a process has its own notes, so that one check does not depend on those before it. A
file outside of the folder of the project that read it counts for every project: a package may keep
what it read, and need not read it again.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Set
from functools import cache, partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from evalguard.code.files import is_installed, sha256

_OWN = Path(__file__).resolve().parents[1]
"""EvalGuard's folder."""

_ENGINES = str(_OWN / "engines")
"""Calls code of models, whose reads count for every task and not for those of a scorer alone."""

_SYSTEM = ("/dev/", "/proc/", "/sys/")

_IMPORTS = "<frozen importlib"
"""Begins the file name of frames that look for a module, which lists folders to that end."""

_LOOKS_UP = (os.environ.get.__code__.co_filename, os.getenv.__code__.co_filename)
"""Files whose frames look up an environment variable for their caller."""

_SETS = frozenset({"__setitem__", "__delitem__"})


class Read(NamedTuple):
    """Something that was read."""

    kind: str
    """``file``, ``folder`` or ``variable``."""
    name: str
    """Its path, absolute; or its name."""


class _Notes:
    """What code of one project read in this process, and how it was then."""

    def __init__(self) -> None:
        self.seen: dict[Read, str] = {}
        self.stats: dict[str, tuple[int, ...]] = {}
        self.moved: set[Read] = set()
        self.made: set[str] = set()
        self.of_engines: set[str] = set()
        self.modules: set[str] = set()


_notes = _Notes()
"""Those of the project whose code runs now."""

_of_projects: dict[str, _Notes] = {"": _notes}
"""All notes by the folder of the project; what was read before any project was begun has none."""


def seen(root: Path) -> Mapping[Read, str]:
    """Return what counts for a project of what was read, each with a hash of what it held then."""
    found: dict[Read, str] = {}
    for folder, notes in list(_of_projects.items()):
        found |= {read: held for read, held in notes.seen.items() if _counts(read, folder, root)}
    return found


def of_engines(root: Path) -> Set[str]:
    """Return what code of models read for a project."""
    notes = _of_projects.get(str(root))
    return frozenset(notes.of_engines if notes else ())


def _counts(read: Read, of: str, root: Path) -> bool:
    """Return whether what one project read counts for another."""
    if of in ("", str(root)):
        return True
    return read.kind != "variable" and not Path(read.name).is_relative_to(of)


def state_of(read: Read, hash_file: Callable[[Path], str] | None = None) -> str:
    """Return a hash of what a read would find now.

    Args:
        read: What is read.
        hash_file: Hashes a file, where one remembers.
    """
    if read.kind == "variable":
        value = os.environ.get(read.name)
        return "unset" if value is None else _hash(value.encode("utf-8", "surrogateescape"))
    try:
        if read.kind == "folder":
            names = {one.name for one in Path(read.name).iterdir()} - {"__pycache__"}
            return _hash("\0".join(sorted(names)).encode("utf-8", "surrogateescape"))
        if not Path(read.name).is_file():
            return "no file"
        return (hash_file or sha256)(Path(read.name))
    except OSError:
        return "missing"


def changed(root: Path) -> tuple[Read, ...]:
    """Return the files that changed after a project read them, but for those that it wrote."""
    notes = _of_projects.get(str(root), _notes)
    for read, before in list(notes.seen.items()):
        touched = read.kind == "file" and notes.stats.get(read.name) != _stat(read.name)
        if touched and state_of(read) != before:
            notes.moved.add(read)
    return tuple(read for read in sorted(notes.moved) if read.name not in notes.made)


def resume(root: Path) -> None:
    """Note from now on what is read for a project.

    Args:
        root: Its folder, absolute.
    """
    global _notes  # noqa: PLW0603 - the hooks, which nothing can be passed to, read it
    _notes = _of_projects.setdefault(str(root), _Notes())


def begin(root: Path) -> None:
    """Let code of a project be loaded again.

    Modules of all projects are imported again, and what it read before counts as it is now.

    Args:
        root: Its folder, absolute.
    """
    for notes in _of_projects.values():
        for name in notes.modules:
            sys.modules.pop(name, None)
        notes.modules.clear()
    resume(root)
    _notes.made.clear()
    for read in list(_notes.seen):
        _keep(read)
    _notes.moved.clear()


@cache
def listen() -> None:
    """Note from now on what code of projects reads, and load it from its source alone.

    Bytecode that lies beside a source is trusted by Python for its time and size.
    """
    sys.addaudithook(_hear)
    get_code = SourceFileLoader.get_code

    def from_source(self: Any, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if not _is_project(path):
            return get_code(self, fullname)
        frame = sys._getframe(1)
        if _called_here(frame):
            _notes.modules.add(fullname)
            _note("file", path, frame)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code

    SourceFileLoader.get_code = from_source  # type: ignore[method-assign] # for every import
    # Called for every variable that is looked up.
    os.environ.encodekey = partial(_looked_up, os.environ.encodekey)


def _looked_up(encode: Callable[[str], Any], name: str) -> Any:
    frame: FrameType | None = sys._getframe(1)
    sets = frame is not None and frame.f_code.co_name in _SETS
    while frame is not None and frame.f_code.co_filename in _LOOKS_UP:
        frame = frame.f_back
    # A variable that a package reads on its own account is of its settings.
    if not sets and frame is not None and _is_project(frame.f_code.co_filename):
        read = Read("variable", str(name))
        if read not in _notes.seen and _called_here(frame):
            _notes.seen[read] = "unset"  # which looking it up below must not note again
            _keep(read)
    return encode(name)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        _opened(arguments[0], arguments[2] or 0, sys._getframe(1))
    elif event in ("os.listdir", "os.scandir"):
        frame = sys._getframe(1)
        if not frame.f_code.co_filename.startswith(_IMPORTS):
            _note("folder", arguments[0], frame)
    elif event == "os.mkdir":
        if _called_here(sys._getframe(1)) and (path := _path(arguments[0])):
            _notes.made.add(path)
    elif event == "sqlite3.connect":
        _note("file", arguments[0], sys._getframe(1))
        if path := _path(arguments[0]):
            _notes.made.add(path)  # whoever opens a database may write it


def _opened(name: Any, flags: int, frame: FrameType) -> None:
    if flags & os.O_TRUNC or flags & os.O_EXCL:
        if _called_here(frame) and (path := _path(name)):
            _notes.made.add(path)
    elif flags & os.O_ACCMODE != os.O_WRONLY:
        _note("file", name, frame)


def _path(name: Any) -> str | None:
    """Return the path that an event names, where it is one."""
    if isinstance(name, int) or name is None:
        return None
    try:
        return str(Path(os.fsdecode(name)).absolute())
    except (TypeError, ValueError, OSError):
        return None


def _note(kind: str, name: Any, frame: FrameType) -> None:
    # Most that is heard is read by no code of a project, so the path comes second.
    if not (caller := _called_here(frame)) or not (path := _path(name)):
        return
    if caller.startswith(_ENGINES):
        _notes.of_engines.add(path)
    if path.startswith(_SYSTEM) or is_installed(Path(path)) or _is_own(path):
        return
    if path not in _notes.made and not any(f"{one}{os.sep}" in path for one in _notes.made):
        _keep(Read(kind, path))


def _keep(read: Read) -> None:
    """Note what something holds now, reading a file only if it was touched."""
    now = _stat(read.name) if read.kind == "file" else None
    if now is not None and read in _notes.seen and _notes.stats.get(read.name) == now:
        return
    found = state_of(read)
    if _notes.seen.setdefault(read, found) != found and now is not None:
        _notes.moved.add(read)
    _notes.seen[read] = found
    if now is not None:
        _notes.stats[read.name] = now


def _stat(path: str) -> tuple[int, ...] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _called_here(frame: FrameType | None) -> str:
    """Return the file of EvalGuard that called the code of a project which is running.

    Of code that a thread runs, the name of the thread; empty where no such code is running.
    """
    found = False
    while frame is not None:
        file = frame.f_code.co_filename
        if _is_own(file):
            return str(Path(file).resolve()) if found else ""
        found = found or _is_project(file)
        frame = frame.f_back
    thread = threading.current_thread()
    return thread.name if found and thread is not threading.main_thread() else ""


@cache
def _is_own(file: str) -> bool:
    return not file.startswith("<") and _OWN in Path(file).resolve().parents


@cache
def _is_project(file: str) -> bool:
    """Whether a file is neither EvalGuard's nor installed."""
    return not (file.startswith("<") or _is_own(file) or is_installed(Path(file).resolve()))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
