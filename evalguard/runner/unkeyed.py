"""Files that are read while a check measures, although no key in the store covers them.

Keys name every file that is known to decide an answer or a score. Any other
file that is read is found as it is opened. A warning names it, and its content is in the keys from
then on, so that nothing measured before is reused.

Code that pytest loads for a project, its ``conftest.py`` first, can change any answer and any
score. It is in the key of every model from the start, with all that it imports.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalguard.code import reads
from evalguard.code.files import is_installed
from evalguard.code.opened import opened_below
from evalguard.code.packages import code_reached
from evalguard.config import ModelSpec, Project
from evalguard.errors import TrustError
from evalguard.records import TRAINING_RECORD
from evalguard.store import SampleStore, fingerprint

STRICT_VARIABLE = "EVALGUARD_STRICT"
"""Environment variable that makes it an error wherever it is 1."""

_FACT = "read besides"

_SHOWN = 5

Folders = Mapping[str, Path]
"""The local folders of a model, by what they are of it."""


class Unkeyed:
    """What is read besides the files that keys name, of one check.

    Args:
        store: Hashes files, and remembers the names of those that were read besides.
        project: The project.
        code: Files of the project's code that was loaded before the check, such as ``conftest.py``.
    """

    def __init__(self, store: SampleStore, project: Project, code: Sequence[Path] = ()) -> None:
        self._store = store
        self._project = project
        self._root = project.root.absolute()
        self._key = fingerprint({"read besides by": str(self._root)})
        self._before = store.hashed | {os.path.realpath(file) for file in _of(project)}
        self._known = self._noted(self._key)
        self._code = _reached(code, self._root)
        self._bases: dict[str, Folders] = {}
        self._left_out: set[str] = set()
        self._places: tuple[Path, ...] = ()

    @property
    def of_project(self) -> Mapping[str, Any]:
        """The content of what counts for every model of the project; empty where nothing does."""
        read = {name: self._hash(self._root / name) for name in self._known}
        found = {"code": self._code, "read besides": read}
        return {name: content for name, content in found.items() if content}

    def completed(self, base: str, spec: ModelSpec) -> str:
        """Return the key of a model with what was read besides.

        Args:
            base: The key of all that is known to decide its answers.
            spec: The model.
        """
        folders = {
            name: Path(place)
            for name in ("model", "adapter", "tokenizer")
            if (place := getattr(spec, name)) is not None and Path(place).is_dir()
        }
        self._bases[base] = folders
        read = {
            f"{of}/{name}": self._hash(folders[of] / name)
            for of, _, name in (noted.partition("/") for noted in self._noted(base))
            if of in folders
        }
        parts = {**self.of_project, **({"of model": read} if read else {})}
        if not parts:
            return base
        key = fingerprint({"key": base, **parts})
        self._store.describe_fingerprint(
            key, {**self._store.fingerprint_description(base), **parts}
        )
        return key

    @contextmanager
    def watching(self, models: Iterable[ModelSpec]) -> Iterator[Set[str]]:
        """Collect what is read in the folders of the project and of its models."""
        named = (
            getattr(spec, name) for spec in models for name in ("model", "adapter", "tokenizer")
        )
        found = (Path(place) for place in named if place is not None)
        self._places = tuple(place for place in found if place.is_dir())
        with opened_below([self._root, *self._places]) as opened:
            yield opened

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Leave out what of the project is read within the block, whose content keys hold."""
        with opened_below([self._root]) as opened:
            yield
        self._left_out |= opened

    def found(self, opened: Set[str], *, strict: bool) -> Iterator[str]:
        """Yield a warning of what was read besides, and put it into the keys of the next check.

        Args:
            opened: What was read.
            strict: Whether it is an error.

        Raises:
            TrustError: If it is.
        """
        named = self._before | self._store.hashed
        # What a scorer reads is in the keys of what it scores; what a model reads, in no other's.
        scorers = {one.name for one in reads.seen(self._root)} - reads.of_engines(self._root)
        named |= set(map(os.path.realpath, scorers))
        besides = {name for name in opened if os.path.realpath(name) not in named}
        of_models: set[str] = set()
        for base, folders in self._bases.items():
            own = {
                f"{of}/{os.path.relpath(name, folder)}": name
                for of, folder in folders.items()
                for name in besides
                if _is_below(name, folder)
            }
            of_models |= set(own.values())
            self._note(base, own)
        measured = {folder for folders in self._bases.values() for folder in folders.values()}
        # Nothing is stored of a model that could not be measured.
        refused = [place for place in self._places if place not in measured]
        of_project = {
            os.path.relpath(name, self._root): name
            for name in besides - self._left_out - of_models
            if self._counts(name) and not any(_is_below(name, place) for place in refused)
        }
        self._note(self._key, of_project)
        if not (every := sorted({*of_models, *of_project.values()})):
            return
        shown = ", ".join(os.path.relpath(name, self._root) for name in every[:_SHOWN])
        more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
        said = (
            f"{shown}{more}: read during measurement, but not covered by the key under which "
            "samples are stored. The next check includes it in the key, and measures again"
        )
        if strict or os.environ.get(STRICT_VARIABLE) == "1":
            raise TrustError(said)
        yield said

    def _counts(self, name: str) -> bool:
        """Return whether a file below the project's folder is one of the project."""
        path = Path(name)
        if not _is_below(name, self._root) or is_installed(path.resolve()):
            return False
        if any(next(folder.glob("*.dist-info"), None) for folder in path.parents):
            return False  # of a distribution, whose version counts
        parts = Path(os.path.relpath(name, self._root)).parts
        made = _is_below(name, self._project.reports) or "__pycache__" in parts
        return not made and not any(part.startswith(".") for part in parts)

    def _note(self, key: str, found: Mapping[str, str]) -> None:
        if found:
            names = sorted({*found, *self._noted(key)})
            self._store.describe_fingerprint(key, {_FACT: names})

    def _noted(self, key: str) -> tuple[str, ...]:
        return tuple(self._store.fingerprint_description(key).get(_FACT, ()))

    def _hash(self, path: Path) -> str:
        return self._store.file_sha256(path) if path.is_file() else "no file"


def _of(project: Project) -> Iterator[Path]:
    """Yield the files whose content is known as settings."""
    yield project.path
    yield project.thresholds.path
    for spec in project.models.values():
        if spec.adapter is not None:
            yield Path(spec.adapter) / TRAINING_RECORD  # of which reports tell
    # Of files in its options the engine itself adds the content to the key.
    yield from (Path(one) for one in project.config.engine.options.values() if isinstance(one, str))
    if project.config.contaminated:
        yield project.root / project.config.contaminated
    for suite in project.suites.values():
        yield suite.path
        yield from suite.contents


def _reached(code: Iterable[Path], root: Path) -> dict[str, str]:
    """Return the hashes of code and of all that it imports, and of packages."""
    found: dict[str, str] = {}
    for file in code:
        files, packages = code_reached(file)
        found |= {os.path.relpath(one, root): content for one, content in files.items()}
        found |= packages
    return found


def _is_below(name: str, folder: Path) -> bool:
    return any(Path(name).is_relative_to(one) for one in (folder.absolute(), folder.resolve()))
