"""The words for how long a certificate lasts (services/network/drivers/certificates.py)."""

from datetime import UTC, datetime, timedelta

import pytest

from services.network.drivers.certificates import check_expiry, find_expiry, tell_expiry

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


@pytest.mark.parametrize("der", [None, b"", b"garbage"])
def test_what_is_no_certificate_has_no_end_and_gives_no_warning(der: bytes | None) -> None:
    assert find_expiry(der) is None
    assert check_expiry(der, 14, 14) is None
