"""Users of SNMPv3 with their keys, as gufo-snmp wants them."""

from collections.abc import Mapping
from functools import lru_cache

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    BaseAuthKey,
    BasePrivKey,
    KeyExpansion,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    User,
)
from gufo.snmp.user import KeyType

from services.network.drivers.snmp.options import AuthProtocol, PrivProtocol, SnmpOptions

_AUTH_KEYS: Mapping[AuthProtocol, type[BaseAuthKey]] = {
    AuthProtocol.SHA1: Sha1Key,
    AuthProtocol.SHA224: Sha224Key,
    AuthProtocol.SHA256: Sha256Key,
    AuthProtocol.SHA384: Sha384Key,
    AuthProtocol.SHA512: Sha512Key,
}
_PRIV_KEYS: Mapping[PrivProtocol, type[BasePrivKey]] = {
    PrivProtocol.AES128: Aes128Key,
    PrivProtocol.AES192: Aes192Key,
    PrivProtocol.AES192C: Aes192Key,
    PrivProtocol.AES256: Aes256Key,
    PrivProtocol.AES256C: Aes256Key,
}
_CISCO = (PrivProtocol.AES192C, PrivProtocol.AES256C)


def make_user(options: SnmpOptions) -> User:
    """The user that these options of version 3 name."""
    auth_key, priv_key = None, None
    if options.auth_key is not None:
        auth_type = _AUTH_KEYS[options.auth_protocol]
        master = _master_key(options.auth_protocol, options.auth_key.get_secret_value())
        auth_key = auth_type(master, KeyType.Master)
        if options.priv_key is not None:
            # As for signing: the hash is that of auth_protocol.
            master = _master_key(options.auth_protocol, options.priv_key.get_secret_value())
            priv_key = _PRIV_KEYS[options.priv_protocol](master, KeyType.Master)
    expansion = KeyExpansion.Cisco if options.priv_protocol in _CISCO else KeyExpansion.Blumenthal
    return User(options.user or "", auth_key=auth_key, priv_key=priv_key, key_expansion=expansion)


@lru_cache(maxsize=256)
def _master_key(protocol: AuthProtocol, password: str) -> bytes:
    """The hash of a megabyte of password that RFC 3414 wants, a millisecond or two; the same for every device."""
    return _AUTH_KEYS[protocol].get_master_key(password.encode())
