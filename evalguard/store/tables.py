"""The tables of the store, in SQL that SQLite and PostgreSQL share."""

from __future__ import annotations

from sqlalchemy import Column, MetaData, Table, Text

from evalguard.records import SCHEMA_VERSION

STORE_VERSION = f"2.{SCHEMA_VERSION}"
"""Version of these tables and of the records in them; a store of another one is refused."""

metadata = MetaData()

meta = Table(
    "evalguard_meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

samples = Table(
    "evalguard_samples",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("sample_id", Text, primary_key=True),
    Column("content", Text, nullable=False),  # a ScoredSample as JSON
    Column("seal", Text, nullable=False),  # SHA-256 over all of the row
    Column("created", Text, nullable=False),  # UTC, ISO 8601
)

facts = Table(
    "evalguard_facts",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),  # JSON, and its seal on a line of its own
)
"""What a fingerprint was made of and what was learnt about it, one row for each fact."""

REGISTERED = "first asked"
"""Start of the names of facts that keep what was registered for a candidate."""

STAGES = "stages"
"""Name of the fact that keeps what a candidate was decided on, and what was decided."""

HISTORY = "candidates so far"
"""Name of the fact that keeps how much each candidate differed from the baseline under a gate."""

KEPT = (REGISTERED, STAGES, HISTORY)
"""Starts of the names of facts that outlive all samples."""

files = Table(
    "evalguard_files",
    metadata,
    Column("host", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("state", Text, nullable=False),  # size, times and inode
    Column("sha256", Text, nullable=False),  # and its seal on a line of its own
)
"""Hashes of files, good for as long as the file's state stays the same."""
