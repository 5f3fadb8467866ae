"""Seals of rows: a hash that holds a row together, or with a key a code that nobody else makes."""

from __future__ import annotations

import hashlib
import hmac
import json
import os

from evalguard.errors import UsageError

KEY_VARIABLE = "EVALGUARD_STORE_KEY"
"""Environment variable with the key of a store that others can write."""

_LEAST_CHARACTERS = 16

_MAC = "hmac:"


class Seals:
    """Seals rows, and tells those that are as they were sealed.

    A seal covers the name of the row's table and all of its columns that are read, so that a row
    counts nowhere but where it was stored.

    Args:
        key: The key; ``None`` for hashes that anybody can compute.

    Raises:
        UsageError: If the key is so short that it can be guessed.
    """

    def __init__(self, key: str | None) -> None:
        if key is not None and len(key) < _LEAST_CHARACTERS:
            raise UsageError(
                f"{KEY_VARIABLE} has {len(key)} characters; at least {_LEAST_CHARACTERS} are "
                "needed. Make one with: openssl rand -hex 32"
            )
        self._key = key.encode("utf-8", "surrogateescape") if key else None

    @classmethod
    def of_environment(cls) -> Seals:
        """Return seals with the key of the environment, where it holds one.

        Raises:
            UsageError: If the variable is blank, as CI sets it for a secret that is missing.
        """
        key = os.environ.get(KEY_VARIABLE)
        if key is not None and not key.strip():
            raise UsageError(
                f"{KEY_VARIABLE} is set but empty, as for a secret that this job does not have. "
                "Set it to the key of the store, or unset it to use a store without a key"
            )
        return cls(key and key.strip())

    @property
    def keyed(self) -> bool:
        """Whether a row without a valid seal is measured again, instead of being an error."""
        return self._key is not None

    def seal(self, table: str, *columns: str) -> str:
        """Return the seal of a row."""
        if self._key is None:
            return hashlib.sha256(json.dumps(columns).encode()).hexdigest()
        row = json.dumps([table, *columns]).encode()
        return _MAC + hmac.new(self._key, row, "sha256").hexdigest()

    def leaves_out(self, seal: str) -> bool:
        """Return whether a row whose seal does not fit is left out, instead of being an error."""
        return self.keyed or seal.startswith(_MAC)

    def fits(self, seal: str, table: str, *columns: str) -> bool:
        """Return whether a row is as it was sealed."""
        own = self.seal(table, *columns).encode()
        return hmac.compare_digest(seal.encode("utf-8", "replace"), own)

    def close(self, value: str, table: str, *columns: str) -> str:
        """Return a value with its seal behind it."""
        return f"{value}\n{self.seal(table, *columns, value)}"

    def open(self, sealed: str, table: str, *columns: str) -> str | None:
        """Return a value that :meth:`close` sealed; ``None`` if the seal does not fit."""
        value, _, seal = sealed.rpartition("\n")
        return value if self.fits(seal, table, *columns, value) else None

    def leaves_out_value(self, sealed: str) -> bool:
        """Return whether a sealed value that cannot be opened is left out: see ``leaves_out``."""
        return self.leaves_out(sealed.rpartition("\n")[2])
