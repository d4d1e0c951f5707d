"""The modules of Debian's prometheus-snmp-exporter, with an if_mib of our own writing (Debian ships none)."""

from pathlib import Path

import yaml

_TABLE, _X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_COLUMNS = {
    "ifIndex": (_TABLE, 1, "gauge"),
    "ifType": (_TABLE, 3, "gauge"),
    "ifMtu": (_TABLE, 4, "gauge"),
    "ifSpeed": (_TABLE, 5, "gauge"),
    "ifPhysAddress": (_TABLE, 6, "PhysAddress48"),
    "ifAdminStatus": (_TABLE, 7, "gauge"),
    "ifOperStatus": (_TABLE, 8, "gauge"),
    "ifLastChange": (_TABLE, 9, "gauge"),
    "ifInOctets": (_TABLE, 10, "counter"),
    "ifInUcastPkts": (_TABLE, 11, "counter"),
    "ifInNUcastPkts": (_TABLE, 12, "counter"),
    "ifInDiscards": (_TABLE, 13, "counter"),
    "ifInErrors": (_TABLE, 14, "counter"),
    "ifInUnknownProtos": (_TABLE, 15, "counter"),
    "ifOutOctets": (_TABLE, 16, "counter"),
    "ifOutUcastPkts": (_TABLE, 17, "counter"),
    "ifOutNUcastPkts": (_TABLE, 18, "counter"),
    "ifOutDiscards": (_TABLE, 19, "counter"),
    "ifOutErrors": (_TABLE, 20, "counter"),
    "ifOutQLen": (_TABLE, 21, "gauge"),
    "ifInMulticastPkts": (_X_TABLE, 2, "counter"),
    "ifInBroadcastPkts": (_X_TABLE, 3, "counter"),
    "ifOutMulticastPkts": (_X_TABLE, 4, "counter"),
    "ifOutBroadcastPkts": (_X_TABLE, 5, "counter"),
    "ifHCInOctets": (_X_TABLE, 6, "counter"),
    "ifHCInUcastPkts": (_X_TABLE, 7, "counter"),
    "ifHCInMulticastPkts": (_X_TABLE, 8, "counter"),
    "ifHCInBroadcastPkts": (_X_TABLE, 9, "counter"),
    "ifHCOutOctets": (_X_TABLE, 10, "counter"),
    "ifHCOutUcastPkts": (_X_TABLE, 11, "counter"),
    "ifHCOutMulticastPkts": (_X_TABLE, 12, "counter"),
    "ifHCOutBroadcastPkts": (_X_TABLE, 13, "counter"),
    "ifLinkUpDownTrapEnable": (_X_TABLE, 14, "gauge"),
    "ifHighSpeed": (_X_TABLE, 15, "gauge"),
    "ifPromiscuousMode": (_X_TABLE, 16, "gauge"),
    "ifConnectorPresent": (_X_TABLE, 17, "gauge"),
    "ifCounterDiscontinuityTime": (_X_TABLE, 19, "gauge"),
}
# What our driver asks for at each reading.
_OURS = (
    *("ifOperStatus", "ifInDiscards", "ifInErrors", "ifOutDiscards", "ifOutErrors"),
    *("ifHCInOctets", "ifHCOutOctets", "ifCounterDiscontinuityTime"),
)


def write_modules(path: Path) -> None:
    """`if_mib`, which walks both tables as upstream's module does, and `ours`, which walks the columns we ask for."""
    name = f"{_X_TABLE}.1"
    everything = _module(
        [_TABLE.removesuffix(".2.1"), _X_TABLE], list(_COLUMNS), [name, f"{_X_TABLE}.18", f"{_TABLE}.2"]
    )
    ours = _module([name, *(_oid(column) for column in _OURS)], list(_OURS), [name])
    path.write_text(yaml.safe_dump({"if_mib": everything, "ours": ours}, sort_keys=False))


def _oid(column: str) -> str:
    table, number, _ = _COLUMNS[column]
    return f"{table}.{number}"


def _module(walk: list[str], columns: list[str], labels: list[str]) -> dict[str, object]:
    label_names = {f"{_X_TABLE}.1": "ifName", f"{_X_TABLE}.18": "ifAlias", f"{_TABLE}.2": "ifDescr"}
    lookups = [
        {"labels": ["ifIndex"], "labelname": label_names[oid], "oid": oid, "type": "DisplayString"} for oid in labels
    ]
    uptime = {"name": "sysUpTime", "oid": "1.3.6.1.2.1.1.3", "type": "gauge", "help": "uptime"}
    metrics: list[dict[str, object]] = [
        {
            "name": column,
            "oid": _oid(column),
            "type": _COLUMNS[column][2],
            "help": column,
            "indexes": [{"labelname": "ifIndex", "type": "gauge"}],
            "lookups": lookups,
        }
        for column in columns
    ]
    return {"walk": walk, "get": ["1.3.6.1.2.1.1.3.0"], "metrics": [uptime, *metrics], "version": 2}
