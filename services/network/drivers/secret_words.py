"""Words without the secrets that a driver may have quoted in them."""

from typing import Any

from pydantic import BaseModel, SecretStr

from dashnet.secret_mask import SECRET_MASK
from services.network.drivers.secret_places import Places, find_secrets, secret_places

# A shorter secret would blot out parts of other words.
_LEAST_CHARACTERS = 3


def blot_out(words: str, options: BaseModel) -> str:
    """The words of a driver without the secrets among a device's options, which it may have quoted."""
    places = secret_places(type(options))
    return blot_out_values(words, options.model_dump(), places) if places else words


def blot_out_values(words: str, options: dict[str, Any], places: Places) -> str:
    """As `blot_out`, for options that no type has checked yet."""
    for _, secret in find_secrets(options, places):
        text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
        if isinstance(text, str) and len(text) >= _LEAST_CHARACTERS:
            words = words.replace(text, SECRET_MASK)
    return words
