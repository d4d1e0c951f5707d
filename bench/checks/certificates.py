"""An authority and a certificate for each target of the bench, as a company's own would sign them."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

AUTHORITY = "authority.pem"
KEY = "key.pem"


def write_certificates(folder: Path, addresses: Sequence[str]) -> None:
    """Write the authority, one key, and a certificate named after each address."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Authority of the bench")
    ca = x509.BasicConstraints(ca=True, path_length=None)
    authority = _build(issuer, issuer, authority_key).add_extension(ca, critical=True)
    _write(folder / AUTHORITY, authority.sign(authority_key, hashes.SHA256()))
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / KEY).write_bytes(key.private_bytes(pem, pkcs8, plain))
    for address in addresses:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = _build(_name(address), issuer, key).add_extension(names, critical=False)
        _write(folder / f"{address}.pem", builder.sign(authority_key, hashes.SHA256()))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _build(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=200))
    )


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
