"""Windows by the number of its build, which is all that its agent says of the edition. Pure."""

import re

from services.network.drivers.snmp.vendors import enterprise_of

_DESCRIPTION = re.compile(r"Software: Windows (?:NT )?Version ([\d.]+)\s*\(Build(?: Number:)? (\d+)")
# The last number of Microsoft's sysObjectIDs: 1 workstation, 2 server, 3 domain controller.
_MICROSOFT, WORKSTATION, _SERVERS = (311, 1, 1, 3, 1), 1, (2, 3)
_SERVER_BUILDS = {
    26100: "Server 2025",
    25398: "Server 23H2",
    20348: "Server 2022",
    17763: "Server 2019",
    14393: "Server 2016",
    9600: "Server 2012 R2",
    9200: "Server 2012",
    7601: "Server 2008 R2",
    7600: "Server 2008 R2",
    6003: "Server 2008",
    6002: "Server 2008",
    6001: "Server 2008",
    3790: "Server 2003",
    2195: "2000 Server",
    1381: "NT Server 4.0",
}
# Each name holds from its build to the next one's.
_CLIENT_BUILDS = ((22000, "11"), (10240, "10"), (9600, "8.1"), (9200, "8"), (7600, "7"), (6000, "Vista"), (2600, "XP"))


def edition_of(object_id: str | None) -> int | None:
    """Return 1 for a workstation, 2 or 3 for a server, null for what is no Windows."""
    numbers = enterprise_of(object_id) or ()
    return numbers[5] if numbers[:5] == _MICROSOFT and len(numbers) > 5 else None


def windows_in(description: str | None, object_id: str | None) -> str | None:
    """Return such as `Windows Server 2019 (build 17763)`; the build alone where the edition is not known."""
    found = _DESCRIPTION.search(description or "")
    if found is None:
        return None
    build, edition, name = int(found[2]), edition_of(object_id), None
    if edition in _SERVERS:
        name = _SERVER_BUILDS.get(build)
    elif edition == WORKSTATION:
        name = next((name for first, name in _CLIENT_BUILDS if build >= first), None)
    return f"Windows {name} (build {build})" if name else f"Windows {found[1]} (build {build})"
