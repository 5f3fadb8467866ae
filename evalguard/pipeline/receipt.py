"""The receipt of a release: what was released, made of what, and why it passed.

Plain JSON with the SHA-256 of every file that took part, signed with Ed25519 (RFC 8032) where a key
is configured. The signature is over the canonical JSON (sorted keys, no spaces) of all the rest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard import __version__
from evalguard.errors import DataError, EvalGuardError, ExitCode, UsageError
from evalguard.records import CheckResult, Verdict, to_json
from evalguard.reports.files import write_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

RECEIPT_NAME = "evalguard_receipt.json"
"""The receipt's name in the folder of what was released."""

SCHEMA_VERSION = 1

_GATE_FIELDS = (
    "name", "suite", "metric", "role", "requirement", "verdict", "baseline", "candidate", "delta",
    "ci", "n", "p_pass", "p_fail",
)  # fmt: skip


class ReceiptError(EvalGuardError):
    """What was released is not what the receipt says."""

    exit_code = ExitCode.REGRESSION


def make_receipt(
    result: CheckResult, released: Path, *, base: Path | None, inputs: Iterable[Path]
) -> dict[str, Any]:
    """Return the unsigned receipt of a release.

    Args:
        result: The check that it passed.
        released: Folder of the adapter or model.
        base: Folder of the base; ``None`` for one from the hub, which its commit names.
        inputs: Data, configs, suites and thresholds that took part.

    Raises:
        UsageError: If the check did not pass.
    """
    if result.verdict is not Verdict.PASS:
        raise UsageError(f"{released}: no receipt for what did not pass ({result.verdict})")
    plain = to_json(result)
    return {
        "schema_version": SCHEMA_VERSION,
        "evalguard": __version__,
        "created": result.created,
        "verdict": str(result.verdict),
        "released": folder_hashes(released),
        "base": {
            "model": next(model.model for model in result.models),
            "files": folder_hashes(base) if base else {},
        },
        "inputs": {str(path): file_hash(path) for path in sorted(set(inputs))},
        "gates": [{field: gate[field] for field in _GATE_FIELDS} for gate in plain["gates"]],
        "models": {model.name: model.fingerprint for model in result.models},
        "environment": dict(result.environment),
    }


def write_receipt(receipt: Mapping[str, Any], path: Path, *, key: Path | None = None) -> Path:
    """Write a receipt, signed where a private key (PEM) is given.

    Raises:
        UsageError: If the key cannot be used.
    """
    signed = dict(receipt)
    if key is not None:
        private = _private_key(key)
        signed["signature"] = {
            "algorithm": "Ed25519",
            "public_key": _text(private.public_key().public_bytes_raw()),
            "value": _text(private.sign(_canonical(receipt))),
        }
    return write_text(path, json.dumps(signed, indent=2, allow_nan=False) + "\n")


def verify(receipt: Path, released: Path, *, key: Path | None = None) -> str:
    """Check that a folder is, byte by byte, what a receipt releases.

    Args:
        receipt: The receipt.
        released: Folder of the adapter or model.
        key: Public key (PEM) that must have signed it.

    Returns:
        Who vouches for it, in a sentence.

    Raises:
        DataError: If the receipt cannot be read.
        ReceiptError: If a file changed, is missing or was added, the receipt was changed, or
            the signature is not the key's.
    """
    content = _read(receipt)
    signature = content.pop("signature", None)
    signer = _check_signature(receipt, content, signature, key)
    if content["verdict"] != Verdict.PASS:
        raise ReceiptError(f"{receipt}: its verdict is {content['verdict']}, not PASS")
    if not released.is_dir():
        raise UsageError(f"{released}: no such folder")
    promised, found = content["released"], folder_hashes(released)
    problems = [
        *(
            f"{name}: changed"
            for name in promised
            if found.get(name, "") not in ("", promised[name])
        ),
        *(f"{name}: missing" for name in promised if name not in found),
        *(f"{name}: not in the receipt" for name in found if name not in promised),
    ]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ReceiptError(f"{released}: not what {receipt} releases:\n{listed}")
    return signer


def folder_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder by its relative path, the receipt left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in files
        if path != folder / RECEIPT_NAME
    }


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise DataError(f"{path}: not a receipt: {error}") from error
    wanted = {"schema_version", "verdict", "released"}
    if not isinstance(content, dict) or not wanted <= content.keys():
        raise DataError(f"{path}: not a receipt; the pipeline writes one as {RECEIPT_NAME}")
    if content["schema_version"] != SCHEMA_VERSION:
        raise DataError(f"{path}: of schema {content['schema_version']}, not {SCHEMA_VERSION}")
    return content


def _check_signature(
    receipt: Path, content: Mapping[str, Any], signature: Any, key: Path | None
) -> str:
    """Return who signed it."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if signature is None:
        if key is not None:
            raise ReceiptError(f"{receipt}: not signed, but a key was given")
        return "The receipt is not signed: whoever can change it can change the adapter, too."
    try:
        raw = base64.b64decode(signature["public_key"])
        Ed25519PublicKey.from_public_bytes(raw).verify(
            base64.b64decode(signature["value"]), _canonical(content)
        )
    except (InvalidSignature, KeyError, TypeError, ValueError) as error:
        raise ReceiptError(f"{receipt}: its signature does not fit its content") from error
    name = hashlib.sha256(raw).hexdigest()[:16]
    if key is None:
        return f"Signed by key {name}; give --key to say whose it must be."
    if _public_key(key).public_bytes_raw() != raw:
        raise ReceiptError(f"{receipt}: signed by another key ({name}) than {key}")
    return f"Signed by {key} ({name})."


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "Make one: openssl genpkey -algorithm ed25519 -out release.pem"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: no private key in PEM form: {error}. {hint}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: not an Ed25519 key. {hint}")
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    hint = "Make it from the private one: openssl pkey -in release.pem -pubout -out release.pub"
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no public key in PEM form: {error}. {hint}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: not an Ed25519 key. {hint}")
    return key
