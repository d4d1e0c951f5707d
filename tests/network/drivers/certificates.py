"""Certificates for tests: an authority, and what it signs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """A certificate and its key in PEM files."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; `file` holds its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests of Dashnet")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.file = self._write(
            "authority.pem", _build(self._name, self._name, self._key, 3650).add_extension(constraints, critical=True)
        )

    def sign(self, host: str, days: float) -> Identity:
        """A certificate of `host` that lasts so many days from now; negative: it expired so long ago."""
        return self._issue(host, days, self._name, None)

    def sign_below(self, host: str, days: float, authority_days: float) -> Identity:
        """A certificate of `host` by an authority below this one that lasts so many days; both are sent."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the house")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        builder = _build(name, self._name, key, authority_days).add_extension(constraints, critical=True)
        below = self._write(f"below-{authority_days:g}.pem", builder)
        identity = self._issue(host, days, name, None, signer=key)
        identity.certificate.write_bytes(identity.certificate.read_bytes() + below.read_bytes())
        return identity

    def sign_rsa(self, host: str) -> Identity:
        """A certificate of `host` with a key that old devices have."""
        return self._issue(host, 91, self._name, None, key=rsa.generate_private_key(65537, 2048))

    def sign_for_later(self, host: str) -> Identity:
        """A certificate of `host` that is valid from the day after tomorrow on."""
        return self._issue(host, 90, self._name, None, begins_in_days=2)

    def self_sign(self, host: str) -> Identity:
        """A certificate that nobody but itself vouches for."""
        return self._issue(host, 365, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), host)

    def _issue(
        self,
        host: str,
        days: float,
        issuer: x509.Name,
        self_signed: str | None,
        *,
        signer: _Key | None = None,
        begins_in_days: float = -30,
        key: _Key | None = None,
    ) -> Identity:
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = _build(subject, issuer, key, days, begins_in_days).add_extension(names, critical=False)
        stem = f"{host}-{days:g}-{self_signed}"
        path = self._folder / f"{stem}.key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Identity(self._write(f"{stem}.pem", builder, key if self_signed else signer), path)

    def _write(self, name: str, builder: x509.CertificateBuilder, signer: _Key | None = None) -> Path:
        path = self._folder / name
        certificate = builder.sign(signer or self._key, hashes.SHA256())
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


def _build(
    subject: x509.Name, issuer: x509.Name, key: _Key, days: float, begins_in_days: float = -30
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins_in_days))
        .not_valid_after(now + timedelta(days=days))
    )
