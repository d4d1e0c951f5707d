"""The app service's own fixtures serve whole-system tests too."""

from tests.app.conftest import device_ids, refresh_once, store

__all__ = ["device_ids", "refresh_once", "store"]
