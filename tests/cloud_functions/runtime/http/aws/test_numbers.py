"""Numbers of the data plane's queries: within their bounds, or refused by name."""

import httpx2
import pytest
from starlette.applications import Starlette

from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.http.aws import messages
from cloud_functions.runtime.http.aws.answers import answer, page_size
from cloud_functions.runtime.http.aws.jobs_door import number
from cloud_functions.runtime.http.aws.signed_route import DATA_PLANE, SignedRoute


@pytest.fixture
async def client():
    heard = []

    async def inject(message):
        heard.append(message)

    async def listed(request):
        return answer(
            [
                page_size(request, 200),
                number(request.query_params.get("executionNumber"), "executionNumber"),
            ]
        )

    routes = [
        *messages.routes(inject, GatewayLimits()),
        SignedRoute(DATA_PLANE, "GET", "/listed", listed),
    ]
    transport = httpx2.ASGITransport(Starlette(routes=routes), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as made:
        made.heard = heard
        yield made


@pytest.mark.parametrize("text", ["9" * 5_000, "9" * 25, "²", "--1", "-1", "1_0", ""])
async def test_what_is_no_number_within_the_bounds_is_refused(client, text) -> None:
    answers = [
        await client.post("/topics/a", params={"messageExpiry": text}),
        await client.get("/listed", params={"maxResults": text}),
        await client.get("/listed", params={"executionNumber": text}),
    ]

    assert [each.status_code for each in answers] == [400] * 3
    assert {each.headers["x-amzn-errortype"] for each in answers} == {"InvalidRequestException"}
    assert client.heard == []


async def test_numbers_within_the_bounds_are_taken(client) -> None:
    await client.post("/topics/a", params={"messageExpiry": "604800"})
    said = await client.get("/listed", params={"maxResults": "200", "executionNumber": "3"})

    assert client.heard[0].properties == {"message_expiry_interval": 604_800}
    assert said.json() == [200, 3]
