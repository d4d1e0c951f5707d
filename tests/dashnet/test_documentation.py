import gc
import weakref
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from dashnet.settings import Settings
from services.app.main import create_app as create_app_service
from services.network.main import create_app as create_network_service
from tests.conftest import make_settings


@pytest.mark.parametrize("create", [create_app_service, create_network_service])
def test_an_app_that_nobody_uses_any_more_is_let_go(create: Callable[[Settings], FastAPI]) -> None:
    """FastAPI remembers the functions that serve, so none of them may hold its app; thousands are made by tests."""
    app = weakref.ref(create(make_settings()))
    gc.collect()
    assert app() is None
