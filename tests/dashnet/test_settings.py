from pathlib import Path

import pytest
from pydantic import ValidationError

from dashnet.settings import Settings, describe_wrong_settings
from tests.conftest import make_settings


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("DASHNET_APP_PORT=6001\nDASHNET_NETWORK_PORT=6000\nCRON_PASS=open sesame\n")
    monkeypatch.setenv("DASHNET_APP_PORT", "7001")
    settings = Settings(_env_file=file)
    assert (settings.app_port, settings.network_port) == (7001, 6000)
    assert settings.cron_pass is not None
    assert settings.cron_pass.get_secret_value() == "open sesame"


def test_an_empty_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHNET_APP_PORT", "")
    monkeypatch.setenv("CRON_PASS", "")
    settings = make_settings()
    assert (settings.app_port, settings.cron_pass) == (5001, None)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        make_settings().app_port = 1  # type: ignore[misc]  # frozen is what is tested


def test_origins_are_a_list_in_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHNET_ALLOWED_ORIGINS", "https://a.example/, https://b.example ,")
    assert make_settings().allowed_origins == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DASHNET_APP_PORT", "99999"), ("DASHNET_DEMO_DEVICES", "-1"), ("DASHNET_LOG_LEVEL", "loud")],
)
def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as error:
        make_settings()
    said = describe_wrong_settings(error.value)
    assert said.startswith(f"{variable}: ")
    assert value not in said


def test_the_password_shows_nowhere() -> None:
    settings = make_settings(CRON_PASS="open sesame")
    assert "open sesame" not in repr(settings) + settings.model_dump_json()


def test_the_network_service_may_be_elsewhere() -> None:
    assert make_settings(network_url="http://network:5000/").network_address == "http://network:5000"
