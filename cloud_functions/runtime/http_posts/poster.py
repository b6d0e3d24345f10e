"""One POST with AWS IoT's limits (AWS reference, section 2.11)."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cloud_functions.rules.actions.http_post import check_loopback
from cloud_functions.runtime.action_runner import ActionFailed

TIMEOUT_S: Final = 3.0
TRIES: Final = 3
MAX_RESPONSE_BYTES: Final = 16_384
_TOO_MANY: Final = 429
_PAUSES_S: Final = (0.1, 0.2)
_MAX_CONNECTIONS: Final = 100


class HttpPoster:
    """A client made with its first request, since importing one costs start-up time."""

    def __init__(self, ca: Path | None = None, pauses_s: Sequence[float] = _PAUSES_S) -> None:
        self._ca = ca
        self._pauses_s = pauses_s
        self._client: Any = None

    async def post(
        self, url: str, body: bytes, content_type: str, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Return when the endpoint said 2xx, again for 429 and 5xx.  Raises ActionFailed."""
        check_loopback(url)
        sent = [("content-type", content_type), *headers]
        for attempt in range(1, TRIES + 1):
            status = await self._once(url, body, sent)
            if 200 <= status < 300:  # noqa: PLR2004  HTTP's own words
                return
            is_passing = status == _TOO_MANY or status >= 500  # noqa: PLR2004
            if not is_passing or attempt == TRIES:
                break
            await asyncio.sleep(self._pauses_s[min(attempt, len(self._pauses_s)) - 1])
        raise ActionFailed(f"HTTP Server returned an error. HTTP Status Code: {status}")

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()

    async def _once(self, url: str, body: bytes, headers: Sequence[tuple[str, str]]) -> int:
        import httpx2  # noqa: PLC0415  140 ms that most clouds never need

        if self._client is None:
            self._client = httpx2.AsyncClient(
                timeout=TIMEOUT_S,
                trust_env=False,
                limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
                verify=self._trust(),
            )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._ask(url, body, headers)
        except TimeoutError:
            raise ActionFailed(f"no answer within {TIMEOUT_S * 1000:.0f} ms") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ActionFailed(f"{type(error).__name__}: {error}") from error

    async def _ask(self, url: str, body: bytes, headers: Sequence[tuple[str, str]]) -> int:
        size = 0
        async with self._client.stream("POST", url, content=body, headers=headers) as answer:
            async for part in answer.aiter_raw():
                size += len(part)
                if size > MAX_RESPONSE_BYTES:
                    raise ActionFailed(f"the answer is longer than {MAX_RESPONSE_BYTES} bytes")
            return int(answer.status_code)

    def _trust(self) -> ssl.SSLContext:
        """The machine's authorities, and the local one."""
        context = ssl.create_default_context()
        if self._ca is not None and self._ca.exists():
            context.load_verify_locations(self._ca)
        return context
