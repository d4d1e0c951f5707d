"""What fleets are read from and written as."""

from enum import StrEnum


class FileFormat(StrEnum):
    """What a fleet can be read from."""

    YAML = "yaml"
    CSV = "csv"
    NETBOX = "netbox"


class ExportFormat(StrEnum):
    """What a fleet can be written as."""

    YAML = "yaml"
    CSV = "csv"
