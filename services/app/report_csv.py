"""A report as CSV: a row for each device, to be opened in a spreadsheet."""

from dashnet.history.report import DeviceFigures, ReportFigures
from dashnet.spreadsheets import to_csv_file

COLUMNS = (
    *("month", "device_id", "host_name", "device_type", "ip_address", "tags"),
    *("up_ratio", "down_ratio", "unknown_ratio"),
    *("up_seconds", "down_seconds", "unknown_seconds", "unobserved_seconds"),
    *("outages", "mean_seconds_between_failures", "mean_seconds_to_repair"),
    *("uploaded_bytes", "downloaded_bytes", "upload_speed_95th", "download_speed_95th"),
)


def to_csv_report(figures: ReportFigures) -> bytes:
    """The devices' figures as they are, in seconds, bytes and Mbit/s, under a header row; what is null is empty.

    Months can be laid beneath one another: each row says of which one it is. Between tags stands a semicolon.
    """
    return to_csv_file([COLUMNS, *(_to_row(figures["month"], device) for device in figures["devices"])])


def _to_row(month: str, device: DeviceFigures) -> list[object]:
    # The figures come out of JSON, so that no key can be missing that the type has.
    fields: dict[str, object] = {**device, "month": month, "tags": "; ".join(device["tags"])}
    return [fields[column] for column in COLUMNS]
