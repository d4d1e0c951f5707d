"""Options of a kind of driver that has secrets of every shape, and the keys for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from dashnet.secret_key import make_secret_key
from dashnet.settings import Settings
from services.network.drivers import OPTIONS
from services.network.drivers.driver import DriverOptions

NAME = "secretive"


class Login(BaseModel):
    """Something beside its secret."""

    model_config = ConfigDict(extra="forbid")

    user: str
    password: SecretStr | None = None


class SecretiveOptions(DriverOptions):
    """Plain, secret, optional, nested and many."""

    url: str = ""
    community: Annotated[SecretStr, Field(min_length=3)] = SecretStr("public")
    token: SecretStr | None = None
    login: Login | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)

    @field_validator("token")
    @classmethod
    def _check_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and " " in token.get_secret_value():
            # As a careless driver would say it.
            raise ValueError(f"{token.get_secret_value()} holds a space")
        return token


@contextmanager
def secretive_driver() -> Iterator[None]:
    """The driver's options are known meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPTIONS, NAME, SecretiveOptions)
        yield


def with_key(settings: Settings, *keys: str) -> Settings:
    """The settings with these keys, or one of its own."""
    return settings.model_copy(update={"secret_key": SecretStr(",".join(keys) or make_secret_key())})
