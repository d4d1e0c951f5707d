"""What the commands for the whole database know of its schemas."""

import pytest

from dashnet import store
from dashnet.database import known_versions
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.schemas import MIGRATIONS, check_version, open_engine
from dashnet.settings import Settings
from services.network import main as network
from services.network import models
from workers import main as worker


def test_the_migrations_are_those_of_the_rooms() -> None:
    assert MIGRATIONS == {models.SCHEMA: network.MIGRATIONS, store.SCHEMA: worker.MIGRATIONS}


@pytest.mark.parametrize("schema", MIGRATIONS)
def test_every_version_that_this_code_has_is_known(schema: str) -> None:
    for version in known_versions(MIGRATIONS[schema]):
        check_version(schema, version, MIGRATIONS[schema], "it")


@pytest.mark.parametrize(
    ("version", "words"), [("29990101000000", "it was made by a newer Dashnet"), ("1999", "not made by this Dashnet")]
)
def test_other_versions_are_refused(version: str, words: str) -> None:
    with pytest.raises(DashnetError, match=words):
        check_version("store", version, MIGRATIONS["store"], "it")


async def test_an_address_that_is_none_is_told_without_its_password(settings: Settings) -> None:
    wrong = settings.model_copy(update={"database_url": "postgres//dashnet:secret@db"})
    with pytest.raises(ServiceUnavailable, match="no address that begins with postgresql"):
        async with open_engine(wrong, "dashnet-test"):
            pass
