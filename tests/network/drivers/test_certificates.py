"""The words for how long a certificate lasts (services/network/drivers/certificates.py)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from services.network.drivers.certificates import check_chain, find_validity, tell_expiry
from tests.network.drivers.certificates import Authority, Identity

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (3.5, "the certificate expires in 3 days (2026-11-27)"),
        (1.1, "the certificate expires in 1 day (2026-11-24)"),
        (0.1, "the certificate expires in less than a day (2026-11-23)"),
        (-0.1, "the certificate expired less than a day ago (2026-11-23)"),
        (-1.1, "the certificate expired 1 day ago (2026-11-22)"),
        (-40, "the certificate expired 40 days ago (2026-10-14)"),
    ],
)
def test_words(days: float, said: str) -> None:
    assert tell_expiry(NOW + timedelta(days=days), NOW) == said


@pytest.mark.parametrize("der", [b"", b"garbage"])
def test_what_is_no_certificate_has_no_end_and_gives_no_warning(der: bytes) -> None:
    assert find_validity(der) is None
    assert check_chain([der], 14, 14) is None
    assert check_chain([], 14, 14) is None


def _to_der(identity: Identity) -> list[bytes]:
    found = x509.load_pem_x509_certificates(identity.certificate.read_bytes())
    return [one.public_bytes(Encoding.DER) for one in found]


@pytest.mark.parametrize(("days", "above", "said"), [(200, 5.5, "authority Authority of the house"), (5.5, 200, "")])
def test_the_certificate_that_ends_first_counts(tmp_path: Path, days: float, above: float, said: str) -> None:
    warning = check_chain(_to_der(Authority(tmp_path).sign_below("nas", days, above)), 14, 0)
    assert warning is not None
    assert "expires in 5 days" in warning
    assert said in warning


def test_a_certificate_that_is_sent_along_and_belongs_to_no_chain_counts_for_nothing(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    chain = _to_der(authority.sign_below("nas", 200, 100))
    assert check_chain([*chain, *_to_der(authority.sign("other", -3))], 14, 14) is None


@pytest.fixture(scope="module")
def der(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The certificate of a server."""
    return _to_der(Authority(tmp_path_factory.mktemp("authority")).sign("nas", 90))[0]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8))
def test_no_mutation_of_a_certificate_raises_anything(der: bytes, changes: list[tuple[int, int]]) -> None:
    mutated = bytearray(der)
    for place, octet in changes:
        mutated[place % len(der)] = octet
    assert check_chain([bytes(mutated)], 0, 0) is None
