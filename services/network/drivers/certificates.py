"""How long a certificate of TLS lasts, and the words for it."""

from datetime import UTC, datetime, timedelta

from cryptography import x509

from dashnet.errors import DeviceFailure


def check_expiry(der: bytes | None, warning_days: int, failure_days: int) -> str | None:
    """A warning where a certificate in DER lasts no longer than so many days; zero days for never.

    Raises:
        DeviceFailure: it lasts no longer than `failure_days`.
    """
    expiry, now = find_expiry(der), datetime.now(UTC)
    if expiry is None:
        return None
    if failure_days and expiry - now <= timedelta(days=failure_days):
        raise DeviceFailure(tell_expiry(expiry, now))
    return tell_expiry(expiry, now) if warning_days and expiry - now <= timedelta(days=warning_days) else None


def find_expiry(der: bytes | None) -> datetime | None:
    """The end of a certificate in DER; None where there is none, or none that can be read."""
    if not der:
        return None
    try:
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    except ValueError:
        return None


def tell_expiry(expiry: datetime, now: datetime) -> str:
    """`the certificate expires in 3 days (2026-11-23)`."""
    date = f"({expiry:%Y-%m-%d})"
    if expiry <= now:
        return f"the certificate expired {_in_days((now - expiry).days)} ago {date}"
    return f"the certificate expires in {_in_days((expiry - now).days)} {date}"


def _in_days(days: int) -> str:
    return "less than a day" if days == 0 else "1 day" if days == 1 else f"{days} days"
