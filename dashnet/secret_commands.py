"""What `dashnet secrets` does."""

import typer

from dashnet.errors import DashnetError
from dashnet.network_api import ask_network
from dashnet.settings import get_settings


async def rotate() -> None:
    """Have every secret encrypted with the first key.

    Raises:
        ServiceUnavailable: the network service is out of reach, or has no key.
        DashnetError: some could not be read; all others are rotated.
    """
    rotation = await ask_network(get_settings(), "POST", "/secrets/rotations")
    typer.echo(f"{rotation['rotated']:,} secrets are encrypted anew; all that can be read have the first key")
    if rotation["unreadable"]:
        raise DashnetError(f"{rotation['unreadable']:,} secrets cannot be read with any key; dashnet doctor tells more")
