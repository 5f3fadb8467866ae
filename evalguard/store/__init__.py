"""Every scored sample under the fingerprint of what made it; SQLite, or any database by URL.

May import records and errors.
"""

from evalguard.store.fingerprint import (
    file_sha256,
    fingerprint,
    folder_fingerprint,
    folder_state,
    model_parts,
)
from evalguard.store.samples import SampleStore, StoredRun

__all__ = [
    "SampleStore",
    "StoredRun",
    "file_sha256",
    "fingerprint",
    "folder_fingerprint",
    "folder_state",
    "model_parts",
]
