"""How Dashnet's own processes are run."""

from pathlib import Path

import pytest

from dashnet.embedded.folders import StateFolders
from dashnet.embedded.services import ServiceSpecs, service_specs, stack_environment
from dashnet.settings import PROJECT_ROOT, Settings
from tests.ports import free_port
from workers.main import WorkerSettings

SETTINGS = Settings(database_url="postgresql+asyncpg://d", redis_url="unix://r", network_port=5600, app_port=5601)


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch) -> ServiceSpecs:
    """As they are with a PGPORT in the environment."""
    monkeypatch.setenv("PGPORT", "1")
    return service_specs(StateFolders(Path("/state")), SETTINGS)


def test_network_service_binds_to_its_setting(specs: ServiceSpecs) -> None:
    assert "services.network.main:app --host 127.0.0.1 --port 5600" in " ".join(specs.network.command)


@pytest.mark.parametrize("processes", [1, 3])
def test_app_service_has_as_many_processes_as_set_whatever_uvicorns_own_variable_says(
    monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "7")
    settings = SETTINGS.model_copy(update={"app_processes": processes})
    network, (app, _) = service_specs(StateFolders(Path("/state")), settings)
    assert f"--workers {processes} " in " ".join(app.command)
    assert "--workers 1 " in " ".join(network.command)


@pytest.mark.parametrize(("processes", "folder"), [(1, None), (2, "/state/metrics")])
def test_several_processes_of_the_app_service_and_nobody_else_share_their_metrics(
    processes: int, folder: str | None
) -> None:
    settings = SETTINGS.model_copy(update={"app_processes": processes})
    network, (app, worker) = service_specs(StateFolders(Path("/state")), settings)
    assert app.environment.get("PROMETHEUS_MULTIPROC_DIR") == folder
    assert "PROMETHEUS_MULTIPROC_DIR" not in {*network.environment, *worker.environment}


def test_a_worker_has_longer_to_stop_than_its_jobs_are_waited_for(specs: ServiceSpecs) -> None:
    assert specs.others[1].stop_timeout_seconds > WorkerSettings.job_completion_wait


def test_app_service_and_worker_follow(specs: ServiceSpecs) -> None:
    assert [spec.name for spec in specs.others] == ["app", "worker"]


def test_all_learn_the_addresses_of_the_servers(specs: ServiceSpecs) -> None:
    for spec in (specs.network, *specs.others):
        assert spec.environment["DASHNET_DATABASE_URL"] == "postgresql+asyncpg://d"
        assert spec.environment["DASHNET_REDIS_URL"] == "unix://r"


def test_variables_of_postgres_clients_are_kept_from_them(specs: ServiceSpecs) -> None:
    assert "PGPORT" not in specs.network.environment


def test_all_run_from_the_project(specs: ServiceSpecs) -> None:
    assert {spec.working_folder for spec in (specs.network, *specs.others)} == {PROJECT_ROOT}


def test_environment_names_both_services() -> None:
    environment = stack_environment(SETTINGS)
    assert (environment["DASHNET_NETWORK_PORT"], environment["DASHNET_APP_PORT"]) == ("5600", "5601")


@pytest.mark.anyio
async def test_service_that_does_not_answer_is_not_ready() -> None:
    settings = SETTINGS.model_copy(update={"network_port": free_port()})
    assert not await service_specs(StateFolders(Path("/state")), settings).network.is_ready()
