"""Backups that are made, or spoilt, by hand."""

import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from dashnet.backups.archive import SCHEMAS, Manifest, new_archive, open_dump, put_manifest

DUMP = b"not what pg_dump writes" * 1000


def write_backup(path: Path, dump: bytes = DUMP) -> Manifest:
    """A backup of two devices whose dump is this."""
    with new_archive(path, replace=False) as archive:
        with open_dump(archive) as writer:
            writer.write(dump)
        manifest = Manifest(
            dashnet_version="0.1.0",
            postgres_version="18.4",
            made_at=datetime(2026, 11, 23, 20, tzinfo=UTC),
            versions={"network": "20261123120000", "store": "20261123120000"},
            row_counts={"network.device": 2, "store.snapshot": 20},
            dump_sha256=writer.sha256,
            dump_size_bytes=writer.size_bytes,
        )
        put_manifest(archive, manifest)
    return manifest


def change_manifest(path: Path, **changes: Any) -> None:
    """Write the file anew with another manifest and the same dump."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    fields = {**orjson.loads(members["manifest.json"]), **changes}
    _write(path, {**members, "manifest.json": orjson.dumps(fields)})


def change_dump(path: Path, dump: bytes) -> None:
    """Write the file anew with another dump and a manifest that agrees with it."""
    with zipfile.ZipFile(path) as archive:
        names, manifest = archive.namelist(), orjson.loads(archive.read("manifest.json"))
    manifest |= {"dump_sha256": hashlib.sha256(dump).hexdigest(), "dump_size_bytes": len(dump)}
    _write(path, {names[0]: dump, "manifest.json": orjson.dumps(manifest)})


def newer(manifest: Manifest) -> dict[str, str]:
    """Versions of which the store's is one to come."""
    return {**dict.fromkeys(SCHEMAS, manifest.versions["network"]), "store": "29990101000000"}


def _write(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
