"""The algorithm of 2020, written anew: per device one SELECT, one INSERT, one commit; then everything as JSON."""

import json
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def refresh_as_in_2020(path: Path, devices: list[dict[str, Any]]) -> float:
    """Store these readings and make the full state, in a SQLite file at `path`; the seconds it took.

    The file and its devices exist beforehand and are not counted, as they are not in ours.
    """
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS device (id INTEGER PRIMARY KEY, mac_address TEXT UNIQUE, host_name TEXT)"
        )
        database.execute(
            "CREATE TABLE IF NOT EXISTS snap_shot (id INTEGER PRIMARY KEY, device_id INTEGER, time_stamp TEXT, "
            "upload_speed REAL, download_speed REAL, active_connection INTEGER)"
        )
        database.executemany(
            "INSERT OR IGNORE INTO device VALUES (?, ?, ?)",
            [(device["id"], device["mac_address"], device["host_name"]) for device in devices],
        )
        database.commit()
        started = time.monotonic()
        for device in devices:
            _store_one(database, device)
        _make_full_state(database)
        return time.monotonic() - started


def _store_one(database: sqlite3.Connection, device: dict[str, Any]) -> None:
    found = database.execute("SELECT id FROM device WHERE mac_address = ?", (device["mac_address"],)).fetchone()
    database.execute(
        "INSERT INTO snap_shot (device_id, time_stamp, upload_speed, download_speed, active_connection) "
        "VALUES (?, ?, ?, ?, ?)",
        (
            found[0],
            datetime.now(UTC).isoformat(),
            device["upload_speed"],
            device["download_speed"],
            device["active_connection"],
        ),
    )
    database.commit()


def _make_full_state(database: sqlite3.Connection) -> str:
    snap_shots: dict[int, list[dict[str, Any]]] = {}
    for row in database.execute("SELECT * FROM snap_shot ORDER BY id"):
        snap_shots.setdefault(row[1], []).append(
            {"id": row[0], "time_stamp": row[2], "upload_speed": row[3], "download_speed": row[4], "active": row[5]}
        )
    devices = database.execute("SELECT * FROM device").fetchall()
    return json.dumps(
        [
            {"id": row[0], "mac_address": row[1], "host_name": row[2], "snap_shots": snap_shots[row[0]]}
            for row in devices
        ]
    )
