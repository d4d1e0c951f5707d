"""`dashnet secrets`."""

import asyncio

import typer

secrets_app = typer.Typer(help="The key that encrypts the secrets of drivers.", no_args_is_help=True)


@secrets_app.command("new-key")
def new_key() -> None:
    """Print a new key for DASHNET_SECRET_KEY; nothing is changed."""
    from dashnet.secret_key import make_secret_key

    typer.echo(make_secret_key())


@secrets_app.command("rotate")
def rotate() -> None:
    """Encrypt all stored secrets with the first key, after a new one was put before the former.

    The order: put the new key first, restart the network services, rotate, take the former key away, restart again.
    """
    from dashnet.secret_commands import rotate

    asyncio.run(rotate())
