"""The receipt of a release: what was released, made of what, and why it passed.

An in-toto Statement (v1) with the SHA-256 of every file that took part, in a DSSE envelope, signed
with Ed25519 (RFC 8032) where a key is configured. Envelope and signature are those of
securesystemslib, in-toto's own library.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard import __version__
from evalguard.errors import DataError, EvalGuardError, ExitCode, UsageError
from evalguard.records import CheckResult, Verdict, to_json
from evalguard.reports import wording
from evalguard.reports.files import write_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
    from securesystemslib.dsse import Envelope

RECEIPT_NAME = "evalguard_receipt.json"
"""The receipt's name in the folder of what was released."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://evalguard.github.io/evalguard/release/v1"

_SIGNER = "public_key"
"""Key of the predicate that holds the public key, in hex digits, which the signature is checked by
where the reader names none."""

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
        UsageError: If the check did not pass, or a part of its gates was not selected.
        ReceiptError: If anything but files is in the folder.
    """
    if result.verdict is not Verdict.PASS:
        raise UsageError(
            f"{released}: no receipt, because the check did not pass ({result.verdict})"
        )
    if left_out := sum(result.left_out.get(name, 0) for name in wording.decided(result)):
        raise UsageError(
            f"{released}: no receipt for a partial check: {left_out} were not selected. Run "
            "the check without -k and -m"
        )
    plain = to_json(result)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": name, "digest": {"sha256": digest}}
            for name, digest in _released_hashes(released).items()
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "evalguard": __version__,
            "created": result.created,
            "verdict": str(result.verdict),
            "base": {
                "model": next(model.model for model in result.models),
                "files": folder_hashes(base) if base else {},
            },
            "inputs": {str(path): file_hash(path) for path in sorted(set(inputs))},
            "warnings": list(result.warnings),
            "gates": [{field: gate[field] for field in _GATE_FIELDS} for gate in plain["gates"]],
            "notes": {model.name: list(model.notes) for model in result.models if model.notes},
            "models": {model.name: model.fingerprint for model in result.models},
            "environment": dict(result.environment),
        },
    }


def write_receipt(receipt: Mapping[str, Any], path: Path, *, key: Path | None = None) -> Path:
    """Write a receipt, signed where a private key (PEM) is given.

    Raises:
        UsageError: If the key cannot be used.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    private = None if key is None else _private_key(key)
    if private is not None:
        public = private.public_key().public_bytes_raw().hex()
        receipt = {**receipt, "predicate": {**receipt["predicate"], _SIGNER: public}}
    payload = json.dumps(receipt, allow_nan=False).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    if private is not None:
        envelope.sign(CryptoSigner(private))
    return write_text(path, json.dumps(envelope.to_dict(), indent=2) + "\n")


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
        ReceiptError: If a file changed, is missing or was added, anything but files is in the
            folder, the receipt was changed, or the signature is not the key's.
    """
    envelope = _read(receipt)
    promised, predicate = _statement(receipt, envelope)
    signer = _check_signature(receipt, envelope, predicate.get(_SIGNER), key)
    if predicate.get("verdict") != Verdict.PASS:
        raise ReceiptError(f"{receipt}: its verdict is {predicate.get('verdict')}, not PASS")
    found = _released_hashes(released)
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
    """Return the SHA-256 of every file in a folder by its relative path, the receipt left out.

    Links to folders are followed, but for one that leads back to a folder that it is in.
    """
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in sorted(_files(folder))
        if path != folder / RECEIPT_NAME
    }


def _files(folder: Path, within: frozenset[Path] = frozenset()) -> Iterator[Path]:
    real = folder.resolve()
    for path in () if real in within else folder.iterdir():
        if path.is_dir():
            yield from _files(path, within | {real})
        elif path.is_file():
            yield path


def _released_hashes(folder: Path) -> dict[str, str]:
    """Return the hashes of a folder that holds nothing a receipt cannot vouch for."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    try:
        found = ((path, _not_a_file(path)) for path in sorted(folder.rglob("*")))
        problems = [f"  {path.relative_to(folder)}: {kind}" for path, kind in found if kind]
        hashes = {} if problems else folder_hashes(folder)
    except OSError as error:
        raise ReceiptError(f"{error.filename}: cannot be read: {error.strerror}") from error
    if problems:
        listed = "\n".join(problems)
        raise ReceiptError(f"{folder}: a receipt covers files only. Remove:\n{listed}")
    return hashes


def _not_a_file(path: Path) -> str:
    """Return what a path is that no hash covers; empty for a file and a folder that holds some.

    A link to a file is that file, as the cache of the hub lays models out.
    """
    if path.is_file():
        return ""
    if path.is_symlink():
        return "a link to a folder" if path.is_dir() else "a link to no file"
    if not path.is_dir():
        return "neither a file nor a folder"
    return "" if any(path.iterdir()) else "an empty folder"


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Envelope:
    """Return the envelope of a receipt."""
    from securesystemslib.dsse import Envelope

    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise _no_receipt(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a receipt: {error}") from error
    if isinstance(content, dict) and {"schema_version", "verdict", "released"} <= content.keys():
        raise DataError(
            f"{path}: a receipt of EvalGuard {content.get('evalguard')}, from before receipts "
            "were in-toto attestations; verify it with that version, or release the adapter again"
        )
    try:
        envelope = Envelope.from_dict(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _no_receipt(path) from error
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _no_receipt(path)
    return envelope


def _statement(path: Path, envelope: Envelope) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the SHA-256 of each released file, and what else the receipt says of the release."""
    try:
        statement = json.loads(envelope.payload)
        types = (statement["_type"], statement["predicateType"])
        subjects = [(one["name"], one["digest"]["sha256"]) for one in statement["subject"]]
        predicate = statement["predicate"]
        hashes = dict(subjects)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise _no_receipt(path) from error
    wanted = types == (STATEMENT_TYPE, PREDICATE_TYPE) and isinstance(predicate, dict)
    if not wanted or not hashes or len(hashes) < len(subjects):
        raise _no_receipt(path)
    return hashes, predicate


def _no_receipt(path: Path) -> DataError:
    return DataError(f"{path}: not a receipt; the pipeline writes one as {RECEIPT_NAME}")


def _check_signature(receipt: Path, envelope: Envelope, written: Any, key: Path | None) -> str:
    """Return who signed it.

    Args:
        receipt: The receipt.
        envelope: Its content.
        written: The public key that it names itself, in hex digits.
        key: Public key (PEM) that must have signed it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not envelope.signatures:
        if key is not None:
            raise ReceiptError(f"{receipt}: not signed, but a key was given")
        return "The receipt is not signed: whoever can change it can change the adapter, too."
    try:
        named = Ed25519PublicKey.from_public_bytes(bytes.fromhex(written))
    except (TypeError, ValueError) as error:
        raise ReceiptError(f"{receipt}: its signature does not match its content") from error
    if not _signed_by(named, envelope):
        raise ReceiptError(f"{receipt}: its signature does not match its content")
    name = hashlib.sha256(named.public_bytes_raw()).hexdigest()[:16]
    if key is None:
        return f"Signed by key {name}; give --key to require a signer."
    if not _signed_by(_public_key(key), envelope):
        raise ReceiptError(f"{receipt}: signed by another key ({name}) than {key}")
    return f"Signed by {key} ({name})."


def _signed_by(public: Ed25519PublicKey, envelope: Envelope) -> bool:
    """Return whether one of the signatures is a key's; ids of keys are hints only."""
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import SSlibKey

    for signature in envelope.signatures.values():
        try:
            SSlibKey.from_crypto(public, signature.keyid).verify_signature(
                signature, envelope.pae()
            )
        except UnverifiedSignatureError:
            continue
        return True
    return False


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "Make one: openssl genpkey -algorithm ed25519 -out release.pem"
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: not a private key in PEM form: {error}. {hint}") from error
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
        raise UsageError(f"{path}: not a public key in PEM form: {error}. {hint}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: not an Ed25519 key. {hint}")
    return key
