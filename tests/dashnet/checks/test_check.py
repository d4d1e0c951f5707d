import pytest

from dashnet.checks.check import LONGEST_SECONDS, describe_error, mask_secrets, to_limit


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+asyncpg://dashnet:geheim@db.local/dashnet",
        "postgresql+asyncpg://dashnet:ge/h@eim@db.local/dashnet",
        "postgresql+asyncpg:///dashnet?host=/run&password=geheim&user=x",
        "redis://:geheim@127.0.0.1:6379/0",
        "rediss://user:geheim@127.0.0.1:6379/0",
        "redis://127.0.0.1:6379/0?Password=geheim",
    ],
)
def test_a_password_is_masked_wherever_it_stands(address: str) -> None:
    masked = mask_secrets(f"at {address}: refused")
    assert "geheim" not in masked
    assert "eim" not in masked
    assert "***" in masked


@pytest.mark.parametrize("address", ["redis://127.0.0.1:6379/0", "unix:///run/redis.sock?db=0", "postgresql://u@h/d"])
def test_an_address_without_a_password_stays(address: str) -> None:
    assert mask_secrets(address) == address


def test_a_look_takes_no_longer_than_the_setting_and_five_seconds() -> None:
    assert (to_limit(0.5), to_limit(600)) == (0.5, LONGEST_SECONDS)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "refused"), "nothing listens there"),
        (FileNotFoundError(2, "no such file"), "nothing listens there"),
        (ValueError("first\nsecond"), "first"),
        (RuntimeError(), "RuntimeError"),
        (OSError("no way to redis://:geheim@h"), "no way to redis://:***@h"),
    ],
)
def test_an_error_is_one_line_without_secrets(error: Exception, words: str) -> None:
    assert describe_error(error) == words
