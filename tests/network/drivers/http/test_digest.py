"""Digest authentication (services/network/drivers/http/digest.py), checked as a server checks it (RFC 7616)."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.reading import State
from services.network.drivers.http.digest import Challenge, find_challenge, list_schemes
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

HASHES: Mapping[str, str] = {"MD5": "md5", "MD5-sess": "md5", "SHA-256": "sha256"}


def _hash(algorithm: str, *parts: str) -> str:
    return hashlib.new(HASHES[algorithm], ":".join(parts).encode(), usedforsecurity=False).hexdigest()


def _expect(algorithm: str, fields: Mapping[str, str], password: str) -> str:
    """The response that a server expects; everything but the password is as the client sent it."""
    secret = _hash(algorithm, fields["username"], fields["realm"], password)
    if algorithm.endswith("-sess"):
        secret = _hash(algorithm, secret, fields["nonce"], fields["cnonce"])
    quality = [fields["nc"], fields["cnonce"], fields["qop"]] if "qop" in fields else []
    return _hash(algorithm, secret, fields["nonce"], *quality, _hash(algorithm, "GET", fields["uri"]))


@pytest.mark.parametrize("algorithm", HASHES)
def test_the_answer_is_the_one_that_a_server_expects(algorithm: str) -> None:
    challenge = Challenge("http-auth@example.org", "7ypf/xlj9XXwfDPE", algorithm, "FQhe/qaU925k", True)
    header = challenge.answer("GET", "http://nas/dir/index.html?x=1", "Mufasa", "Circle of Life")
    fields = {one[1]: one[2] for one in re.finditer(r'(\w+)="?([^",]*)', header)}
    assert (fields["uri"], fields["opaque"]) == ("/dir/index.html?x=1", "FQhe/qaU925k")
    assert fields["response"] == _expect(algorithm, fields, "Circle of Life")


def test_the_example_of_rfc_2069_without_quality() -> None:
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "MD5", None, False)
    header = challenge.answer("GET", "http://host.com/dir/index.html", "Mufasa", "Circle Of Life")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in header
    assert "qop" not in header


@given(st.text(max_size=60), st.sampled_from(["", "Digest ", 'Digest realm="', "Digest nonce=a, algorithm="]))
def test_no_challenge_raises_anything(text: str, beginning: str) -> None:
    challenge = find_challenge([beginning + text])
    if challenge is not None and challenge.is_known:
        assert challenge.answer("GET", "http://nas/", "ada", "x").startswith("Digest ")


@pytest.mark.parametrize(
    ("values", "algorithm"),
    [
        (['Digest realm="a, b", nonce="n", qop="auth,auth-int"'], "MD5"),
        (["Digest realm=a,nonce=n,algorithm=SHA-256", "Digest realm=a, nonce=n, algorithm=MD5"], "SHA-256"),
        (['Basic realm="Digest nonce=x", Digest realm="b", nonce="n", algorithm="MD5-sess"'], "MD5-sess"),
        (['digest  realm = "a" , nonce = "n"'], "MD5"),
        (["Digest realm=a, nonce=n, algorithm=NONE", "Digest realm=a, nonce=n, algorithm=MD5"], "MD5"),
    ],
)
def test_challenges(values: list[str], algorithm: str) -> None:
    challenge = find_challenge(values)
    assert challenge is not None
    assert (challenge.algorithm, challenge.nonce, challenge.is_known) == (algorithm, "n", True)


@pytest.mark.parametrize(
    ("values", "schemes"),
    [
        (['Basic realm="x"'], ["basic"]),
        (["Negotiate", "NTLM"], ["negotiate", "ntlm"]),
        (['Basic realm="x, Digest y=z", Bearer'], ["basic", "bearer"]),
        (["Negotiate YII="], ["negotiate"]),
        ([""], []),
        (['Digest realm="unclosed'], ["digest"]),
    ],
)
def test_schemes(values: list[str], schemes: list[str]) -> None:
    assert list_schemes(values) == schemes


def _ask(*headers: str) -> bytes:
    return make_answer(b"", *(f"WWW-Authenticate: {one}" for one in headers), status="401 Unauthorized")


DIGEST = 'Digest realm="cam", nonce="abc", qop="auth", opaque="o"'


async def test_a_camera_that_asks_for_a_digest_gets_one() -> None:
    async with serve_page(_ask(DIGEST), make_answer(b"ready")) as page:
        url = f"http://127.0.0.1:{page.port}/live?x=1"
        reading = await read_page(url, username="ada", password="open sesame", expected_text="ready")
    assert (reading.state, reading.error) == (State.UP, None)
    sent = re.search(r'Digest username="ada".*uri="/live\?x=1".*qop=auth, nc=00000001', page.requests[1])
    assert sent is not None


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        (DIGEST, {}, "it asks for digest authentication"),
        ('Basic realm="x"', {}, "it asks for basic authentication"),
        ("Negotiate, NTLM", {"bearer_token": "x"}, "it asks for negotiate or ntlm authentication"),
        ("Bearer", {"bearer_token": "x"}, "it does not accept the bearer token"),
        (DIGEST, {"username": "ada", "password": "x"}, "it does not accept the username and password"),
        ('Basic realm="x"', {"username": "ada", "password": "x"}, "it does not accept the username and password"),
        (
            'Digest realm="a", nonce="b", qop="auth-int"',
            {"username": "ada", "password": "x"},
            "it asks for digest authentication",
        ),
        ("Digest algorithm=X", {"username": "ada", "password": "x"}, "it asks for digest authentication"),
    ],
)
async def test_a_server_that_refuses_says_what_it_asks_for(asked: str, options: dict[str, Any], said: str) -> None:
    async with serve_page(_ask(asked)) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", **options)
    assert (reading.state, reading.error) == (State.DOWN, f"answers 401 Unauthorized, expected is 2xx: {said}")
