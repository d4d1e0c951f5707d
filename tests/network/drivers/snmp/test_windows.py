import pytest

from services.network.drivers.snmp.windows import windows_in

MICROSOFT = "1.3.6.1.4.1.311.1.1.3.1"
TEXT = "Hardware: Intel64 Family 6 Model 79 - Software: Windows Version {} (Build {} Multiprocessor Free)"


@pytest.mark.parametrize(
    ("version", "build", "edition", "system"),
    [
        ("6.3", 17763, 2, "Windows Server 2019 (build 17763)"),
        ("6.3", 17763, 3, "Windows Server 2019 (build 17763)"),
        ("6.3", 20348, 2, "Windows Server 2022 (build 20348)"),
        ("6.3", 14393, 2, "Windows Server 2016 (build 14393)"),
        ("6.3", 9600, 3, "Windows Server 2012 R2 (build 9600)"),
        ("6.3", 19045, 1, "Windows 10 (build 19045)"),
        ("6.3", 22631, 1, "Windows 11 (build 22631)"),
        ("6.1", 7601, 1, "Windows 7 (build 7601)"),
        pytest.param("6.3", 12345, 2, "Windows 6.3 (build 12345)", id="a build that nobody knows"),
        pytest.param("6.3", 17763, 9, "Windows 6.3 (build 17763)", id="an edition that nobody knows"),
    ],
)
def test_windows_is_named_by_its_build(version: str, build: int, edition: int, system: str) -> None:
    assert windows_in(TEXT.format(version, build), f"{MICROSOFT}.{edition}") == system


def test_an_old_one_says_its_build_in_other_words() -> None:
    text = "Hardware: x86 Family 6 - Software: Windows NT Version 4.0  (Build Number: 1381 Uniprocessor Free )"
    assert windows_in(text, f"{MICROSOFT}.2") == "Windows NT Server 4.0 (build 1381)"


@pytest.mark.parametrize("description", ["Linux web1 6.1.0", "", None])
def test_nothing_else_is_windows(description: str | None) -> None:
    assert windows_in(description, f"{MICROSOFT}.2") is None
