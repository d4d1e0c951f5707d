"""Routes of the secrets: how many can be read, and encrypting all with the first key. No answer holds one."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel

from dashnet.errors import DriverFault, ServiceUnavailable
from dashnet.problems import problem_responses
from services.network.dependencies import CurrentKeys, Engine
from services.network.sealing import Tokens
from services.network.secret_keys import SecretKeys
from services.network.stored_secrets import lock_inventory, select_all_tokens, update_tokens

router = APIRouter(prefix="/secrets", tags=["secrets"], responses=problem_responses(503))

SHOWN_DEVICES = 100


class SecretsSummary(BaseModel):
    """How the stored secrets stand: `outdated` are readable, but not encrypted with the first key.

    `fault` says why there is no key; `unreadable_device_ids` names the first hundred devices with an unreadable secret.
    """

    stored: int
    unreadable: int
    outdated: int
    unreadable_device_ids: list[int]
    fault: str | None


class Rotation(BaseModel):
    """What became of a rotation: `unreadable` ones are as they were."""

    rotated: int
    unreadable: int


class _Token(NamedTuple):
    device_id: int
    is_readable: bool
    is_first: bool


@router.get("/")
async def read_summary(engine: Engine, keys: CurrentKeys) -> SecretsSummary:
    """How many secrets are stored, and whether the keys of this network service can read them."""
    async with engine.connect() as connection:
        stored = await select_all_tokens(connection)
    tokens = await asyncio.to_thread(_examine, stored, keys)
    unreadable = [token.device_id for token in tokens if not token.is_readable]
    return SecretsSummary(
        stored=len(tokens),
        unreadable=len(unreadable),
        outdated=sum(token.is_readable and not token.is_first for token in tokens),
        unreadable_device_ids=list(dict.fromkeys(unreadable))[:SHOWN_DEVICES],
        fault=keys.fault,
    )


def _examine(stored: Sequence[tuple[int, Tokens]], keys: SecretKeys) -> Sequence[_Token]:
    tokens = [(device_id, token) for device_id, tokens in stored for token in tokens.values()]
    return [_Token(device_id, _can_read(token, keys), keys.is_first(token)) for device_id, token in tokens]


def _can_read(token: str, keys: SecretKeys) -> bool:
    try:
        keys.decrypt(token)
    except DriverFault:
        return False
    return True


@router.post("/rotations", status_code=200)
async def rotate(engine: Engine, keys: CurrentKeys) -> Rotation:
    """Encrypt every secret that is not encrypted with the first key anew; all or nothing, safe to repeat."""
    if keys.fault is not None:
        raise ServiceUnavailable(f"secrets cannot be rotated: {keys.fault}")
    async with engine.begin() as connection:
        # No revision: nobody sees another device. The lock keeps edits from putting back what they read before.
        await lock_inventory(connection)
        stored = await select_all_tokens(connection)
        changed, rotation = await asyncio.to_thread(_rotate, stored, keys)
        await update_tokens(connection, changed)
    return rotation


def _rotate(stored: Sequence[tuple[int, Tokens]], keys: SecretKeys) -> tuple[Sequence[tuple[int, Tokens]], Rotation]:
    changed = []
    rotation = Rotation(rotated=0, unreadable=0)
    for device_id, tokens in stored:
        renewed = dict(tokens)
        for pointer, token in tokens.items():
            if not _can_read(token, keys):
                rotation.unreadable += 1
            elif not keys.is_first(token):
                renewed[pointer] = keys.encrypt(keys.decrypt(token))
                rotation.rotated += 1
        if renewed != tokens:
            changed.append((device_id, renewed))
    return changed, rotation
