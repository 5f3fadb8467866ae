"""A certificate that signs itself, for this machine or for a host that it stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_self_signed(folder: Path, *, host: str = "") -> tuple[Path, Path]:
    """Write a certificate and its key, and return their files.

    Args:
        folder: Where they go.
        host: Name of the host; 127.0.0.1 by default.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = host or "127.0.0.1"
    names = [x509.DNSName(host)] if host else [x509.IPAddress(ip_address("127.0.0.1"))]
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(signed(name, key, name, key, x509.SubjectAlternativeName(names)))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    """Return a certificate in PEM form that is valid today."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=False)
        .sign(issuer_key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
