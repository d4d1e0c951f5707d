import base64
import logging
from pathlib import Path

import pytest

from dashnet.errors import DriverFault, ServiceUnavailable
from dashnet.secret_key import make_secret_key
from services.network.secret_keys import SecretKeys, parse_keys, read_secret_keys
from tests.conftest import make_settings

FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
KEY = base64.urlsafe_b64encode(FIRST).decode()


def test_what_was_encrypted_is_read_again_and_looks_different_each_time() -> None:
    keys = SecretKeys([FIRST])
    tokens = {keys.encrypt("s3cret Ω") for _ in range(3)}
    assert len(tokens) == 3
    assert {keys.decrypt(token) for token in tokens} == {"s3cret Ω"}
    assert not any("s3cret" in token for token in tokens)


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, both = SecretKeys([FIRST]), SecretKeys([SECOND, FIRST])
    assert both.decrypt(old.encrypt("a")) == "a"
    assert (both.is_first(old.encrypt("a")), both.is_first(both.encrypt("a"))) == (False, True)
    assert SecretKeys([SECOND]).decrypt(both.encrypt("a")) == "a"


def test_another_key_is_told_and_that_the_former_one_helps() -> None:
    token = SecretKeys([FIRST]).encrypt("a")
    with pytest.raises(DriverFault, match=r"encrypted with another key.*put the former key behind it"):
        SecretKeys([SECOND]).decrypt(token)


def test_without_a_key_nothing_is_encrypted_or_read() -> None:
    keys = read_secret_keys(make_settings())
    with pytest.raises(ServiceUnavailable, match=r"no secret key is set.*dashnet secrets new-key"):
        keys.encrypt("a")
    with pytest.raises(DriverFault, match="no secret key is set: DASHNET_SECRET_KEY or"):
        keys.decrypt("a")


@pytest.mark.parametrize("separator", [",", ", ", "\n", "\n\n"])
def test_keys_are_taken_in_either_alphabet_of_base64(separator: str) -> None:
    many = bytes([251]) * 32
    text = separator.join([base64.b64encode(many).decode(), base64.urlsafe_b64encode(many).decode(), make_secret_key()])
    assert parse_keys(text)[:2] == [many, many]


@pytest.mark.parametrize("text", ["", "  ,\n", "password", KEY[:-5], f"{KEY},x", "ü" * 43])
def test_what_is_no_key_is_told_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"it holds no key|key \d is not 32 bytes in base64") as caught:
        parse_keys(text)
    assert text.split(",")[0] not in str(caught.value) or not text.strip(" ,\n")


@pytest.mark.parametrize(
    ("content", "fault"), [(None, "cannot be read: No such file"), (b"", "holds no key"), (b"\xff", "it is no text")]
)
def test_a_key_file_that_is_of_no_use_is_logged_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None, fault: str
) -> None:
    file = tmp_path / "secret.key"
    if content is not None:
        file.write_bytes(content)
    with caplog.at_level(logging.ERROR):
        keys = read_secret_keys(make_settings(secret_key_file=file))
    assert fault in (keys.fault or "")
    assert fault in caplog.text


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.write_text(base64.b64encode(FIRST).decode())
    token = SecretKeys([FIRST]).encrypt("a")
    assert read_secret_keys(make_settings(secret_key_file=file)).is_first(token)
    assert not read_secret_keys(make_settings(secret_key_file=file, secret_key=make_secret_key())).is_first(token)
