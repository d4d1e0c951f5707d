"""How long the certificates of TLS last, and the words for it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from dashnet.errors import DeviceFailure

_MOST_CHARACTERS = 60
_THE_CERTIFICATE = "the certificate"


# Longer ones are odd enough not to be kept in memory.
_MOST_KEPT_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a certificate is valid, and whose it is; `name` and `issuer` in DER."""

    begins_at: datetime
    ends_at: datetime
    subject: str
    name: bytes
    issuer: bytes


def check_chain(chain: Sequence[bytes], warning_days: int, failure_days: int) -> str | None:
    """Return a warning where one of these certificates lasts no longer than so many days; zero days for never.

    `chain`: in DER, the server's own first. Of that one and the authorities above it the one that ends first counts:
    with it the whole chain ends. Servers also send certificates that belong to no chain; those count for nothing.

    Raises:
        DeviceFailure: one lasts no longer than `failure_days`.
    """
    now = datetime.now(UTC)
    readable = [validity for der in chain if (validity := find_validity(der))]
    if not chain or find_validity(chain[0]) is None:
        return None
    found = list(enumerate(_climb(readable)))
    number, first = min(found, key=lambda one: (one[1].ends_at, one[0]))
    left = first.ends_at - now
    words = tell_expiry(first.ends_at, now, _name(number, first))
    if failure_days and left <= timedelta(days=failure_days):
        raise DeviceFailure(words)
    if not warning_days:
        return None
    return words if left <= timedelta(days=warning_days) else _tell_beginning(found, now)


def find_validity(der: bytes) -> Validity | None:
    """Return the validity of a certificate in DER, None where it cannot be read.

    The same certificates are seen at every reading, so that each is parsed once.
    """
    return _parse_once(der) if len(der) <= _MOST_KEPT_BYTES else _parse(der)


def _parse(der: bytes) -> Validity | None:
    try:
        # What is odd about a certificate beside its dates is no business of ours.
        with warnings.catch_warnings(action="ignore"):
            certificate = x509.load_der_x509_certificate(der)
            return Validity(
                certificate.not_valid_before_utc,
                certificate.not_valid_after_utc,
                _subject(certificate),
                certificate.subject.public_bytes(),
                certificate.issuer.public_bytes(),
            )
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


_parse_once = lru_cache(maxsize=4096)(_parse)


def _climb(found: Sequence[Validity]) -> Sequence[Validity]:
    """The first certificate, and those that lead up from it."""
    chain, others = list(found[:1]), list(found[1:])
    while above := next((one for one in others if one.name == chain[-1].issuer), None):
        chain.append(above)
        others.remove(above)
    return chain


def _subject(certificate: x509.Certificate) -> str:
    names = [
        str(one.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        for one in certificate.subject.get_attributes_for_oid(oid)
    ]
    name = names[0] if names else ""
    return "".join(letter for letter in name if letter.isprintable())[:_MOST_CHARACTERS]


def _name(number: int, validity: Validity) -> str:
    """The server's own certificate is the first; the others are those of authorities above it."""
    return _THE_CERTIFICATE if number == 0 else f"the certificate of its authority {validity.subject}".rstrip()


def _tell_beginning(found: Sequence[tuple[int, Validity]], now: datetime) -> str | None:
    number, last = max(found, key=lambda one: one[1].begins_at)
    if last.begins_at <= now:
        return None
    return f"{_name(number, last)} is not valid yet, only from {last.begins_at:%Y-%m-%d} on"


def tell_expiry(expiry: datetime, now: datetime, what: str = _THE_CERTIFICATE) -> str:
    """Return words such as `the certificate expires in 3 days (2026-11-23)`."""
    date = f"({expiry:%Y-%m-%d})"
    if expiry <= now:
        return f"{what} expired {_in_days((now - expiry).days)} ago {date}"
    return f"{what} expires in {_in_days((expiry - now).days)} {date}"


def _in_days(days: int) -> str:
    return "less than a day" if days == 0 else "1 day" if days == 1 else f"{days} days"
