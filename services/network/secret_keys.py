"""The keys that secrets are encrypted with; only the network service has them."""

import base64
import binascii
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from dashnet.errors import DriverFault, ServiceUnavailable
from dashnet.secret_key import KEY_BYTES
from dashnet.settings import Settings

logger = logging.getLogger(__name__)

MOST_FILE_BYTES = 64 * 1024
_VARIABLES = "DASHNET_SECRET_KEY or DASHNET_SECRET_KEY_FILE"


class SecretKeys:
    """Encrypts with the first key and decrypts with any; `fault` says why there is none."""

    def __init__(self, keys: Sequence[bytes], fault: str | None = None) -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in keys]
        self._first = fernets[0] if fernets else None
        self._all = MultiFernet(fernets) if fernets else None
        self.fault = None if fernets else fault or f"no secret key is set: {_VARIABLES}"

    def encrypt(self, secret: str) -> str:
        """The secret as a token, another one each time.

        Raises:
            ServiceUnavailable: there is no key.
        """
        if self._first is None:
            raise ServiceUnavailable(
                f"nothing was changed: a secret cannot be stored, {self.fault}. Make one with: dashnet secrets new-key"
            )
        return self._first.encrypt(secret.encode()).decode()

    def decrypt(self, token: str) -> str:
        """The secret of a token.

        Raises:
            DriverFault: there is no key, or it was encrypted with another one.
        """
        if self._all is None:
            raise DriverFault(f"its secrets cannot be read: {self.fault}")
        try:
            return self._all.decrypt(token).decode()
        except InvalidToken:
            raise DriverFault(
                f"its secrets were encrypted with another key than that of {_VARIABLES}: "
                "put the former key behind it, or give the secrets anew"
            ) from None

    def is_first(self, token: str) -> bool:
        """Whether the token was encrypted with the first key."""
        try:
            return self._first is not None and self._first.decrypt(token) is not None
        except InvalidToken:
            return False


def parse_keys(text: str) -> Sequence[bytes]:
    """The keys in a text, separated by commas or line breaks: 32 bytes each, in base64 of either alphabet.

    Raises:
        ValueError: one is no key, or there is none; the text does not quote it.
    """
    words = [word for word in re.split(r"[,\s]+", text) if word]
    if not words:
        raise ValueError("it holds no key")
    return [_parse_key(word, number) for number, word in enumerate(words, 1)]


def _parse_key(word: str, number: int) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {number} is not {KEY_BYTES} bytes in base64, as dashnet secrets new-key makes one")
    return key


def read_secret_keys(settings: Settings) -> SecretKeys:
    """The keys of the settings. Without a key that can be used all else works, so that is logged and no error."""
    if settings.secret_key is None and settings.secret_key_file is None:
        return SecretKeys([])
    source = "DASHNET_SECRET_KEY" if settings.secret_key is not None else str(settings.secret_key_file)
    try:
        return SecretKeys(parse_keys(_read_key_text(settings)))
    except OSError as error:
        fault = f"{source} cannot be read: {error.strerror}"
    except ValueError as error:
        fault = f"{source} is wrong: {'it is no text' if isinstance(error, UnicodeDecodeError) else error}"
    logger.error("secrets cannot be read or stored: %s", fault)
    return SecretKeys([], fault)


def _read_key_text(settings: Settings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    assert settings.secret_key_file is not None
    with Path(settings.secret_key_file).open(encoding="utf-8") as file:
        return file.read(MOST_FILE_BYTES)
