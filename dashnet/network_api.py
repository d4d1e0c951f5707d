"""How commands talk to the network service over HTTP."""

from typing import Any

import httpx

from dashnet.errors import Conflict, DashnetError, FieldError, InvalidInput, ServiceUnavailable
from dashnet.settings import Settings

CONNECT_SECONDS = 10
# A change of 100,000 devices waits for those before it.
ANSWER_SECONDS = 300


async def ask_network(settings: Settings, method: str, path: str, **options: Any) -> Any:  # httpx's own; any JSON value
    """The JSON of the network service's answer.

    Raises:
        ServiceUnavailable: it is out of reach, or takes longer than five minutes.
        InvalidInput, Conflict: it refused; `errors` names each field.
        DashnetError: it refused for another reason.
    """
    where = settings.network_address
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    try:
        async with httpx.AsyncClient(base_url=where, timeout=timeout, trust_env=False) as client:
            answer = await client.request(method, path, **options)
    except httpx.TimeoutException as error:
        raise ServiceUnavailable(f"the network service at {where} gave no answer in time; nothing is known") from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServiceUnavailable(
            f"the network service at {where} is out of reach; start Dashnet with: make up"
        ) from error
    return read_answer(answer, where)


def read_answer(answer: httpx.Response, where: str) -> Any:  # any JSON value
    """The JSON of an answer.

    Raises:
        InvalidInput, Conflict, ServiceUnavailable, DashnetError: it is a refusal; as `ask_network`.
    """
    try:
        body = answer.json()
        if answer.is_success:
            return body
        detail = str(body["detail"])
        errors = [FieldError(str(error["location"]), str(error["detail"])) for error in body.get("errors", [])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DashnetError(f"what answers at {where} is no network service (HTTP {answer.status_code})") from error
    kinds = {kind.http_status: kind for kind in (InvalidInput, Conflict, ServiceUnavailable)}
    raise kinds.get(answer.status_code, DashnetError)(detail, errors)
