"""Every scored sample under the fingerprint of what made it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

import sqlalchemy as sa

from evalguard.errors import StoreError
from evalguard.records import ScoredSample, from_json, to_json
from evalguard.store.database import BUSY_TIMEOUT_SECONDS, Database
from evalguard.store.file_hashes import FileHashes
from evalguard.store.fingerprint import ModelSettings, fingerprint, folder_fingerprint, model_parts
from evalguard.store.seals import KEY_VARIABLE, Seals
from evalguard.store.tables import KEPT, REGISTERED, facts, samples

_IDS_IN_ONE_QUERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """The samples under one fingerprint.

    Attributes:
        fingerprint: Key of the run.
        samples: Number of samples.
        size: Characters that they take.
        first: When the first of them was stored, in UTC.
        last: When the last of them was stored, in UTC.
        description: What the fingerprint was made of and what was learnt about it.
    """

    fingerprint: str
    samples: int
    size: int
    first: datetime
    last: datetime
    description: Mapping[str, Any]


class SampleStore:
    """Scored samples that outlive the run that made them.

    Args:
        location: Path of a SQLite file, which is made if it is missing, or a database URL.
        busy_timeout_seconds: How long to wait for another process that writes.

    Raises:
        StoreError: If it cannot be opened.
    """

    def __init__(
        self, location: str | Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
    ) -> None:
        self._database = Database(location, busy_timeout_seconds=busy_timeout_seconds)
        self._seals = Seals.of_environment()
        self._hashes = FileHashes(self._database, self._seals)
        self._refused: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of rows that were not used."""
        if not (count := len(self._refused)):
            return ()
        why = (
            f"no valid seal under {KEY_VARIABLE} (they were edited, or stored without the key or "
            "with another one)"
            if self._seals.keyed
            else f"a seal that does not match, or that needs {KEY_VARIABLE}, which is not set"
        )
        return (f"{count} rows of the store have {why} and were not used: measured again",)

    def get(self, key: str, sample_ids: Sequence[str]) -> dict[str, ScoredSample]:
        """Return those of the asked samples that are stored, by id and in the order asked.

        Rows that need a key, or do not fit the one that is set, are left out.

        Args:
            key: Fingerprint of what made them.
            sample_ids: Which samples.

        Raises:
            StoreError: If a row was edited or stands under a key that it was not stored under.
        """
        found: dict[str, ScoredSample] = {}
        for start in range(0, len(sample_ids), _IDS_IN_ONE_QUERY):
            ids = sample_ids[start : start + _IDS_IN_ONE_QUERY]
            query = sa.select(samples).filter_by(fingerprint=key)
            with self._database.reading() as connection:
                rows = connection.execute(query.where(samples.c.sample_id.in_(ids))).all()
            found |= {row.sample_id: self._unseal(row) for row in rows if self._is_ours(row)}
        return {each: found[each] for each in sample_ids if each in found}

    def put(self, key: str, scored: Iterable[ScoredSample]) -> None:
        """Store samples, all of them or none; one that is there already is kept as it is.

        Args:
            key: Fingerprint of what made them.
            scored: Complete measurements.

        Raises:
            StoreError: If a sample could not be measured, has a score that is no number, or the
                database fails.
        """
        created = datetime.now(UTC).isoformat()
        rows = [
            {
                "fingerprint": key,
                "sample_id": sample.sample_id,
                "content": (content := _content(sample)),
                "seal": self._seals.seal(samples.name, key, sample.sample_id, content),
                "created": created,
            }
            for sample in scored
        ]
        if rows:
            statement = self._database.insert(samples).on_conflict_do_nothing()
            with self._database.writing() as connection:
                for row in rows:
                    if (samples.name, key, row["sample_id"]) in self._refused:
                        own = {"fingerprint": key, "sample_id": row["sample_id"]}
                        connection.execute(sa.delete(samples).filter_by(**own))
                connection.execute(statement, rows)

    def remove(self, key: str) -> None:
        """Remove the samples under a fingerprint; what is noted about it stays."""
        with self._database.writing() as connection:
            connection.execute(sa.delete(samples).filter_by(fingerprint=key))

    def all_samples(self, key: str) -> Iterator[ScoredSample]:
        """Yield every sample under a fingerprint, in the order of their ids.

        Raises:
            StoreError: As :meth:`get`.
        """
        query = sa.select(samples).filter_by(fingerprint=key).order_by(samples.c.sample_id)
        with self._database.reading() as connection:
            for row in connection.execute(query):
                if self._is_ours(row):
                    yield self._unseal(row)

    def describe_fingerprint(self, key: str, description: Mapping[str, Any]) -> None:
        """Note what a fingerprint was made of, or what was learnt about it.

        Args:
            key: The fingerprint.
            description: Facts by name, as plain data; they join those noted before.
        """
        seal = self._seals.close
        rows = [
            {"fingerprint": key, "name": name, "value": seal(text, facts.name, key, name)}
            for name, text in _texts(description).items()
        ]
        if rows:
            statement = self._database.insert(facts)
            with self._database.writing() as connection:
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["fingerprint", "name"],
                        set_={"value": statement.excluded.value},
                    ),
                    rows,
                )

    def fingerprint_description(self, key: str) -> dict[str, Any]:
        """Return the facts noted about a fingerprint, by name.

        Facts that need a key, or do not fit the one that is set, are left out.

        Raises:
            StoreError: If one was edited, or stands under a fingerprint that it was not noted of.
        """
        query = sa.select(facts.c.name, facts.c.value).filter_by(fingerprint=key)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(facts.c.name)).all()
        opened = {row.name: self._opened(key, row.name, row.value) for row in rows}
        for row in rows:
            left_out = row.name.startswith(REGISTERED) or self._seals.leaves_out_value(row.value)
            if opened[row.name] is None and not left_out:
                raise StoreError(
                    f"store {self._database.name}: the note '{row.name}' on fingerprint {key} was "
                    "edited, or copied from another fingerprint, and is not used. "
                    f"Remove the run with: evalguard runs prune {key[:12]}"
                )
        try:
            return {name: json.loads(text) for name, text in opened.items() if text is not None}
        except (ValueError, RecursionError) as error:
            raise StoreError(
                f"store {self._database.name}: a note on fingerprint {key} is not JSON. "
                f"Remove the run with: evalguard runs prune {key[:12]}"
            ) from error

    def described_as(self, description: Mapping[str, Any]) -> list[str]:
        """Return the fingerprints about which all these facts are noted."""
        wanted = [
            sa.and_(
                facts.c.name == name,
                facts.c.value.startswith(f"{text}\n", autoescape=True),
            )
            for name, text in _texts(description).items()
        ]
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(facts).where(sa.or_(*wanted))).all()
        found = Counter(
            row.fingerprint
            for row in rows
            if self._opened(row.fingerprint, row.name, row.value) is not None
        )
        return [key for key, count in found.items() if count == len(wanted)]

    def file_sha256(self, path: Path) -> str:
        """Return the SHA-256 of a file, which is read once for as long as it is not touched."""
        return self._hashes.sha256(path)

    @property
    def hashed(self) -> Set[str]:
        """The files that were hashed since the store was opened, without links."""
        return self._hashes.hashed

    def folder_fingerprint(self, path: str | Path) -> str:
        """Return the fingerprint of a folder, reading only files that were touched."""
        return folder_fingerprint(Path(path), hash_file=self.file_sha256)

    def model_fingerprint(self, model: str, **settings: Unpack[ModelSettings]) -> str:
        """Return the fingerprint of a model and note what it was made of.

        Args:
            model: Folder, file, or hub name of the model.
            **settings: How it is run, as :func:`~evalguard.store.model_parts` takes it.

        Raises:
            ModelError: If a folder is missing or holds no model.
            UsageError: If a hub model has no immutable revision.
        """
        parts = model_parts(model, **settings, hash_file=self.file_sha256)
        key = fingerprint(parts)
        self.describe_fingerprint(key, parts)
        return key

    def runs(self) -> tuple[StoredRun, ...]:
        """Return what is stored, the run with the newest sample first."""
        query = sa.select(
            samples.c.fingerprint,
            sa.func.count().label("samples"),
            sa.func.sum(sa.func.length(samples.c.content)).label("size"),
            sa.func.min(samples.c.created).label("first"),
            sa.func.max(samples.c.created).label("last"),
        ).group_by(samples.c.fingerprint)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(sa.desc("last"))).all()
        return tuple(
            StoredRun(
                fingerprint=row.fingerprint,
                samples=row.samples,
                size=int(row.size),
                first=datetime.fromisoformat(row.first),
                last=datetime.fromisoformat(row.last),
                description=self._description_for_lists(row.fingerprint),
            )
            for row in rows
        )

    def _description_for_lists(self, key: str) -> dict[str, Any]:
        """Return the facts about a fingerprint; none where one was edited, so that it can go."""
        try:
            return self.fingerprint_description(key)
        except StoreError:
            return {}

    def prune(self, keys: Sequence[str]) -> int:
        """Remove all samples under fingerprints, and give their space back.

        Facts about fingerprints without samples go too: they are found again when needed. What
        candidates were first asked, and what was decided on it, stays.

        Returns:
            The number of samples that were removed.
        """
        removed = 0
        with self._database.writing() as connection:
            for key in keys:
                removed += connection.execute(
                    sa.delete(samples).filter_by(fingerprint=key)
                ).rowcount
            kept = sa.select(samples.c.fingerprint).distinct()
            connection.execute(
                sa.delete(facts).where(
                    facts.c.fingerprint.not_in(kept),
                    *(sa.not_(facts.c.name.startswith(name)) for name in KEPT),
                )
            )
        self._database.shrink()
        return removed

    def has_refused(self, key: str, start: str) -> bool:
        """Return whether a fact was read whose name starts so, and whose seal did not fit."""
        return any(
            (table, of) == (facts.name, key) and name.startswith(start)
            for table, of, name in self._refused
        )

    def _opened(self, key: str, name: str, sealed: str) -> str | None:
        """Return a fact as it was noted; ``None`` if its seal does not fit."""
        text = self._seals.open(sealed, facts.name, key, name)
        if text is None:
            self._refused.add((facts.name, key, name))
        return text

    def _is_ours(self, row: Any) -> bool:
        """Return whether a row is used, or is at fault where no key is in play."""
        if not self._seals.leaves_out(row.seal) or self._fits(row):
            return True
        self._refused.add((samples.name, row.fingerprint, row.sample_id))
        return False

    def _fits(self, row: Any) -> bool:
        columns = (row.fingerprint, row.sample_id, row.content)
        return self._seals.fits(row.seal, samples.name, *columns)

    def _unseal(self, row: Any) -> ScoredSample:
        """Return the sample of a row, if the row is as it was stored."""
        if not self._fits(row):
            raise StoreError(
                f"store {self._database.name}: the row of sample '{row.sample_id}' under "
                f"fingerprint {row.fingerprint} was edited, or copied from another fingerprint, "
                "and is not used. Remove the run with: evalguard runs prune "
                f"{row.fingerprint[:12]}"
            )
        try:
            sample = from_json(ScoredSample, json.loads(row.content))
            if not all(map(math.isfinite, sample.scores.values())):
                raise ValueError("a score is not a number")
        except (AttributeError, TypeError, ValueError, RecursionError) as error:
            raise StoreError(
                f"store {self._database.name}: the row of sample '{row.sample_id}' under "
                f"fingerprint {row.fingerprint} is not a sample. Remove the run with: "
                f"evalguard runs prune {row.fingerprint[:12]}"
            ) from error
        return sample


def _content(sample: ScoredSample) -> str:
    """Return a sample as JSON, if it is a complete measurement."""
    if sample.error is not None:
        raise StoreError(
            f"sample '{sample.sample_id}' of task '{sample.task}' could not be measured "
            f"({sample.error}); only complete measurements are stored"
        )
    try:
        return json.dumps(to_json(sample), sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise StoreError(
            f"sample '{sample.sample_id}' of task '{sample.task}' has a score that is not a "
            f"number: {dict(sample.scores)}"
        ) from error


def _texts(description: Mapping[str, Any]) -> dict[str, str]:
    """Return facts as JSON, by name."""
    return {name: json.dumps(value, allow_nan=False) for name, value in description.items()}
