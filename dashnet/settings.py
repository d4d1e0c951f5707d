"""All settings of all processes, read once from the environment, `.env` and a running embedded stack."""

import socket
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
STATE_FOLDER = PROJECT_ROOT / ".dashnet"
STACK_ENV = STATE_FOLDER / "stack.env"

Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """One frozen value for a whole process; each field is the variable DASHNET_<NAME>.

    Precedence: environment, then `.env` beside the code, then the addresses which a running embedded stack leaves
    in `.dashnet/stack.env`, then the defaults here. docs/settings.md lists them; a test holds the two together.
    """

    model_config = SettingsConfigDict(
        env_prefix="DASHNET_",
        env_file=(STACK_ENV, PROJECT_ROOT / ".env"),
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    # Where things are.
    database_url: str = Field(
        "postgresql+asyncpg://dashnet@127.0.0.1:5432/dashnet",
        description="The Postgres that holds inventory, snapshots and ledger, as a SQLAlchemy address.",
    )
    database_pool_size: int = Field(16, ge=4, le=100, description="Connections to Postgres per process at the most.")
    database_timeout_seconds: float = Field(10, gt=0, description="Limit of one connection attempt or short query.")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="The Redis that holds queue, publications and counter samples (redis://, rediss:// or unix://).",
    )
    redis_prefix: str = Field("dashnet", min_length=1, description="First part of every Redis key and channel of ours.")
    redis_server: Path | None = Field(
        None,
        description="Program of the embedded stack's Redis or Valkey (6.2 or newer). Empty: that of its PyPI wheel, "
        "else `redis-server` or `valkey-server` from PATH.",
    )
    redis_timeout_seconds: float = Field(5, gt=0, description="Limit of one connection attempt or command.")
    network_host: str = Field("127.0.0.1", description="Address the network service binds to.")
    network_port: Port = Field(5000, description="Port of the network service.")
    app_host: str = Field("127.0.0.1", description="Address the app service binds to.")
    app_port: Port = Field(5001, description="Port of the app service and its screen.")
    network_url: str | None = Field(
        None, description="Where app service and workers reach the network service. Empty: the address it binds to."
    )
    app_url: str | None = Field(
        None, description="Where commands reach the app service. Empty: the address it binds to."
    )

    # The network service.
    seed: int = Field(2020, ge=0, lt=2**63, description="Seed of the simulated network; same seed, same history.")
    demo_devices: int = Field(
        12,
        ge=0,
        le=100_000,
        description="Simulated devices made when the inventory is empty at first start. Zero: none.",
    )
    host_device: bool = Field(True, description="Whether the first start also adds this machine itself.")
    driver_concurrency: int = Field(
        256,
        ge=1,
        description="Devices that each driver of one network service reads at the same time; four times as many "
        "pings, a quarter as many pages.",
    )
    driver_timeout_seconds: float = Field(10, gt=0, description="Limit of one device's reading.")
    secret_key: SecretStr | None = Field(
        None,
        description="Key that secrets of drivers are encrypted with, as `dashnet secrets new-key` makes one; the same "
        "for all network services. Several, comma separated: the first encrypts, all decrypt.",
    )
    secret_key_file: Path | None = Field(
        None,
        description="File with that key, or one a line, where DASHNET_SECRET_KEY is not set. "
        "The embedded stack makes one: `.dashnet/secret.key`.",
    )

    # The worker.
    worker_name: str = Field(
        default_factory=socket.gethostname, min_length=1, description="Name under which a worker reports its health."
    )
    refresh_page_devices: int = Field(10_000, ge=1, le=100_000, description="Devices a single job reads and stores.")
    refresh_timeout_seconds: float = Field(
        50,
        gt=0,
        le=59,
        description="Limit of one refresh, within its minute. Devices that are not read after four fifths of it are "
        "unknown.",
    )
    clean_timeout_seconds: float = Field(600, gt=0, description="Limit of one clean.")
    demo_reset: bool = Field(True, description="Whether clean resets the snapshots of simulated devices each hour.")
    snapshot_retention_days: int = Field(7, ge=1, le=3650, description="Days that raw snapshots are kept.")
    five_minute_retention_days: int = Field(
        60, ge=1, le=3650, description="Days that their roll-up by five minutes is kept."
    )
    hour_retention_days: int = Field(730, ge=2, le=36500, description="Days that the roll-up by hours is kept.")
    day_retention_days: int = Field(
        0, ge=0, le=36500, description="Days that the roll-up by days is kept. Zero: for ever."
    )
    interface_snapshot_retention_days: int = Field(
        2, ge=1, le=3650, description="Days that raw snapshots of single interfaces are kept."
    )
    interface_five_minute_retention_days: int = Field(
        14, ge=1, le=3650, description="Days that their roll-up by five minutes is kept."
    )
    interface_hour_retention_days: int = Field(
        180, ge=2, le=36500, description="Days that their roll-up by hours is kept; days as those of devices."
    )
    vanished_interface_retention_days: int = Field(
        365,
        ge=2,
        le=36500,
        description="Days that an interface which its device shows no more is kept, with its past.",
    )
    state_change_retention_days: int = Field(
        730, ge=0, le=36500, description="Days that state changes are kept. Zero: for ever."
    )
    ledger_retention_days: int = Field(90, ge=1, le=36500, description="Days that job runs are kept.")

    # The app service.
    app_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of the app service behind its one port; each follows Redis by itself.",
    )
    cron_pass: SecretStr | None = Field(
        None,
        validation_alias="CRON_PASS",
        description="Password for refresh and clean over a websocket. Empty: only clients on this machine may.",
    )
    full_state_snapshots: int = Field(70, ge=1, le=1000, description="Snapshots per device on websocket / at the most.")
    subscriber_backlog_bytes: int = Field(
        1_048_576, ge=1024, description="Unsent bytes per subscriber before publications give way to one fresh state."
    )
    subscriber_stall_seconds: float = Field(
        30, gt=0, description="How long a subscriber may take hardly anything before its socket is closed."
    )
    resume_bytes: int = Field(
        33_554_432, ge=0, description="Bytes of the newest publications that an app process keeps for who comes back."
    )
    allowed_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Further origins whose pages may use the API, comma separated (https://noc.example.org).",
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Further names under which both services answer, comma separated (noc.example.org); * for any. "
        "Bound to loopback they answer under loopback names, this machine's name and its addresses; bound elsewhere "
        "under every address, names without a dot and those of private networks (.local, .internal, .home.arpa) too.",
    )

    request_head_seconds: float = Field(
        10, gt=0, le=3600, description="How long a client may take to send the head of a request, to either service."
    )
    waiting_connections: int = Field(
        512,
        ge=1,
        description="Connections of one address whose requests are not whole; with more, the oldest are closed.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("allowed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip().rstrip("/") for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @property
    def read_deadline_seconds(self) -> float:
        """How long a request to read devices may take: the refresh that asks needs the rest to store them."""
        return self.refresh_timeout_seconds * 0.8

    @property
    def own_ports(self) -> frozenset[int]:
        """TCP ports of this machine behind which the stack itself answers."""
        urls = (urlsplit(url).port for url in (self.database_url, self.redis_url))
        return frozenset((self.network_port, self.app_port, *(port for port in urls if port is not None)))

    @property
    def network_address(self) -> str:
        """Base address of the network service, without a slash at the end."""
        return (self.network_url or f"http://{_reachable(self.network_host)}:{self.network_port}").rstrip("/")

    @property
    def app_address(self) -> str:
        """Base address of the app service, without a slash at the end."""
        return (self.app_url or f"http://{_reachable(self.app_host)}:{self.app_port}").rstrip("/")


def _reachable(host: str) -> str:
    """The address to connect to for a service bound to `host`, ready for a URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


def describe_wrong_settings(error: ValidationError) -> str:
    """Which settings are wrong and why, without their values, which may be secret."""
    return "; ".join(f"{_variable(detail['loc'][0])}: {detail['msg']}" for detail in error.errors(include_input=False))


def _variable(field: int | str) -> str:
    return "CRON_PASS" if field == "CRON_PASS" else f"DASHNET_{field}".upper()


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read at the first call."""
    return Settings()
