import httpx
import pytest

from dashnet.security_headers import SECURITY_HEADERS, hash_inline, make_policy
from dashnet.settings import Settings
from services.network import main
from tests.conftest import run_network


def directives(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in parts}


def assert_is_guarded(answer: httpx.Response) -> None:
    """No page of another origin may frame it, and nothing runs in it that does not come from here."""
    policy = directives(answer)
    assert policy["default-src"] == "'none'"
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'self'", "'none'", "'none'")
    assert "unsafe" not in policy.get("script-src", "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["referrer-policy"] == "same-origin"


PATHS = ["/", "/docs", "/openapi.json", "/healthz", "/metrics", "/nothing", "/static-offline-docs/swagger-ui.css"]


@pytest.mark.parametrize("path", [*PATHS, "/devices/", "/devices/77", "/devices/x"])
async def test_every_answer_of_the_network_service_is_guarded(network: httpx.AsyncClient, path: str) -> None:
    assert_is_guarded(await network.get(path))


@pytest.mark.parametrize("path", [*PATHS, "/api/devices", "/api/nothing", "/api/fleet", "/assets/nothing.js", "/live"])
async def test_every_answer_of_the_app_service_is_guarded(app: httpx.AsyncClient, path: str) -> None:
    assert_is_guarded(await app.get(path))


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
async def test_refusals_are_guarded(app: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert_is_guarded(await app.post("/api/devices", headers=headers))


async def test_an_error_that_nobody_foresaw_is_guarded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(main, "metrics_page", fail)
    async with run_network(settings) as network:
        answer = await network.get("/metrics")
    assert answer.status_code == 500
    assert_is_guarded(answer)


def test_a_policy_lets_in_what_it_names_and_nothing_else() -> None:
    assert make_policy("img-src 'self'").startswith("default-src 'none'; img-src 'self'; base-uri 'none'")
    assert SECURITY_HEADERS["content-security-policy"] == make_policy()


def test_inline_texts_are_let_in_by_their_hash() -> None:
    page = "<style>p{}</style><script src='x'></script><script>let x = 1;\n</script>"
    # printf 'let x = 1;\n' | openssl dgst -sha256 -binary | base64
    assert hash_inline(page, "script") == ["'sha256-TC5qiXi+YIZFqnpHMqZt/5lrJKb1vhcDsvqKLBsZi6o='"]
