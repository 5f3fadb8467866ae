"""Keys in the store that depend on what code of the project reads."""

from __future__ import annotations

import os
from pathlib import Path

from evalguard.code import reads
from evalguard.code.reads import Read
from evalguard.errors import MeasurementError
from evalguard.scorers import is_built_in as is_built_in_scorer
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.kind import DecidingFiles, TaskConfig
from evalguard.tasks.registry import is_built_in

_FACT = "reads"


class OwnReads:
    """Completes keys by what code of the project has read under them, here or in an earlier run.

    A key names what is known before anything runs. What is read only then is noted under it by
    name, and its content counts from then on.

    Args:
        store: Keeps the names, and hashes files.
        root: Folder of the project, so that names are the same wherever it lies.
    """

    def __init__(self, store: SampleStore, root: Path) -> None:
        self._store = store
        self._root = root.absolute()

    def key(self, base: str) -> str:
        """Return the key of what is made under ``base`` with all that was read so far.

        Raises:
            MeasurementError: If a file changed after it was read.
        """
        if changed := reads.changed(self._root):
            raise MeasurementError(
                f"{changed[0].name}: changed after code of the project had read it, so that scores "
                "would be of two versions of it. Wait until nothing writes there, and run again."
            )
        known = self._store.fingerprint_description(base).get(_FACT, ())
        found = {self._named(read): digest for read, digest in reads.seen(self._root).items()}
        names = sorted({*map(tuple, known), *found})
        if not names:
            return base
        if len(names) > len(known):
            self._store.describe_fingerprint(base, {_FACT: names})
        states = [[*name, found.get(name) or self._now(*name)] for name in names]
        return fingerprint({"key": base, "reads": states})

    def _named(self, read: Read) -> tuple[str, str]:
        if read.kind == "variable" or not Path(read.name).is_relative_to(self._root):
            return (read.kind, read.name)
        return (read.kind, os.path.relpath(read.name, self._root))

    def _now(self, kind: str, name: str) -> str:
        place = name if kind == "variable" else str(self._root / name)
        return reads.state_of(Read(kind, place), self._store.file_sha256)


def runs_own_code(config: TaskConfig, deciding: DecidingFiles) -> bool:
    """Return whether code that is not EvalGuard's or lm-eval's makes or scores a task's samples.

    Args:
        config: The task.
        deciding: The files that decide it.
    """
    named = (one.name for one in getattr(config, "scorers", ()))
    unknown = getattr(config, "file", None) is not None and not deciding.complete
    return (
        unknown
        or not is_built_in(config.kind)
        or any(file.suffix == ".py" for file in deciding.paths)
        or not all(map(is_built_in_scorer, named))
    )
