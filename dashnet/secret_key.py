"""A new key for secrets; what encrypts with it is the network service alone."""

import base64
import secrets

KEY_BYTES = 32


def make_secret_key() -> str:
    """Random bytes as DASHNET_SECRET_KEY wants them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()
