"""An owner's phone as an asyncio library.

async with Phone("http://127.0.0.1:8080") as phone:
    await phone.sign_in("ada@example.com", "password")
    await phone.start("robot-1")
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2
import websockets
from pydantic import ValidationError

from cloud_functions.contract import api
from cloud_functions.contract.commands import DEFAULT_LIFETIME_S, CommandName
from mobile_client import calls
from mobile_client.calls import Call, Tokens
from mobile_client.errors import NotSeen, SignedOut, Unreachable
from mobile_client.live import RobotView, Views
from mobile_client.naming import meant

T = TypeVar("T")

LOCAL_CLIENT_ID: Final = "robofleet-phone"
WATCH_S: Final = 60.0
"""How long one request for the live map lasts; a watcher renews at half of it."""
_RECONNECT_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0)
_MAX_MESSAGE_BYTES: Final = 256 * 1024


class Phone:
    """One signed-in owner: HTTP calls, and the WebSocket that tells what robots do.

    `identity` is the base URL of the identity service where it is not the API's own.
    """

    def __init__(
        self,
        url: str,
        *,
        identity: str | None = None,
        client_id: str = LOCAL_CLIENT_ID,
        timeout_s: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = url.rstrip("/")
        self._identity = (identity or url).rstrip("/")
        self._client_id = client_id
        self._clock = clock
        self._http = httpx2.AsyncClient(timeout=timeout_s)
        self.tokens: Tokens | None = None
        self._views = Views()
        self._news = asyncio.Condition()
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._subscribers: list[asyncio.Queue[api.LiveMessage]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        await self._http.aclose()

    # ------------------------------------------------------------ identity

    async def sign_up(self, email: str, password: str) -> None:
        """Make an account.  Raises Refused when the name is taken or the password too weak."""
        await self._send(calls.sign_up(self._client_id, email, password), self._identity)

    async def sign_in(self, email: str, password: str) -> Tokens:
        """Sign in and keep the tokens.  Raises SignedOut for a wrong name or password."""
        call = calls.sign_in(self._client_id, email, password)
        self.tokens = await self._send(call, self._identity)
        return self.tokens

    # ------------------------------------------------------------ robots

    async def robots(self) -> list[api.RobotSummary]:
        """The owner's robots."""
        return (await self.call(calls.list_robots())).robots

    async def robot_called(self, text: str) -> api.RobotSummary:
        """The owner's robot of that thing name, name, or beginning of one.  Raises NotMeant."""
        return meant(await self.robots(), text)

    async def pair(self, serial: str, claim_code: str) -> api.Robot:
        """Make a robot the owner's.  Raises Refused for a wrong code or a robot that is taken."""
        return await self.call(calls.pair(serial, claim_code))

    async def unpair(self, thing: str) -> None:
        """Give a robot up."""
        await self.call(calls.unpair(thing))

    async def robot(self, thing: str) -> RobotView:
        """A robot as the cloud knows it now; the view goes on changing while listening."""
        return self._views.learn(await self.call(calls.robot(thing)))

    async def missions(self, thing: str) -> list[dict[str, Any]]:
        """The newest missions of a robot, newest first (contract.api.MissionRecord)."""
        listed = await self.call(calls.missions(thing))
        return [record.model_dump(by_alias=True) for record in listed.missions]

    async def mission_map(self, thing: str, mission_id: str) -> dict[str, Any]:
        """The map of one mission."""
        return await self.call(calls.mission_map(thing, mission_id))

    async def alerts(self, thing: str) -> list[api.Alert]:
        """What the owner should know, newest first."""
        return (await self.call(calls.alerts(thing))).alerts

    async def command(
        self,
        thing: str,
        name: CommandName,
        params: dict[str, Any] | None = None,
        *,
        lifetime_s: float = DEFAULT_LIFETIME_S,
        command_id: str = "",
    ) -> api.CommandAccepted:
        """Tap: the wish is in the shadow when this returns, the robot may not know it yet."""
        request = calls.checked(
            api.CommandRequest,
            id=command_id or str(uuid.uuid4()),
            command=name,
            params=params or {},
            expires_in_s=lifetime_s,
        )
        return await self.call(calls.command(thing, request))

    async def ask(
        self,
        thing: str,
        name: CommandName,
        params: dict[str, Any] | None = None,
        *,
        timeout_s: float = 10.0,
        command_id: str = "",
    ) -> api.CommandResultBody:
        """Tap, and wait until the robot has answered.  Raises NotSeen after `timeout_s`."""
        await self.listen()
        accepted = await self.command(thing, name, params, command_id=command_id)
        view = self._views.of(thing)
        await self.wait_for(
            lambda: view.result_of(accepted.id) is not None,
            timeout_s,
            f"{thing} did not answer {name} within {timeout_s:g} s",
        )
        result = view.result_of(accepted.id)
        assert result is not None
        return result

    # ------------------------------------------------------------ live

    def view(self, thing: str) -> RobotView:
        """What this phone knows of a robot, without asking anybody."""
        return self._views.of(thing)

    async def listen(self, timeout_s: float = 10.0) -> None:
        """Open the WebSocket, once, and keep it open; returns when it is."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._keep_listening(), name="phone-listener")
        opened = asyncio.create_task(self._listening.wait())
        done, _ = await asyncio.wait(
            {opened, self._listener}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        opened.cancel()
        if self._listener in done:
            listener, self._listener = self._listener, None
            listener.result()
        if opened not in done:
            raise Unreachable(f"no WebSocket at {self._socket_url()} within {timeout_s:g} s")

    async def look(self, thing: str) -> None:
        """Ask for the live map for a minute (design, decision 13)."""
        until = int(self._clock() + WATCH_S)
        await self.call(calls.update_settings(thing, api.Settings(live_map_until=until)))

    async def messages(self) -> AsyncIterator[api.LiveMessage]:
        """Every live message from now on."""
        await self.listen()
        queue: asyncio.Queue[api.LiveMessage] = asyncio.Queue(maxsize=1000)
        self._subscribers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._subscribers.remove(queue)

    async def wait_for(self, seen: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        """Return once `seen` holds after some message.  Raises NotSeen with `otherwise`."""
        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(seen)
        except TimeoutError:
            raise NotSeen(otherwise) from None

    async def _keep_listening(self) -> None:
        """Listen; after a lost connection come back with growing pauses."""
        failures = 0
        while True:
            try:
                async with websockets.connect(
                    self._socket_url(), max_size=_MAX_MESSAGE_BYTES, open_timeout=10
                ) as socket:
                    failures = 0
                    self._listening.set()
                    await self._take_in(socket)
            except websockets.InvalidStatus as error:
                if error.response.status_code in (401, 403):
                    raise SignedOut(401, "unauthorized", "the live token was refused") from None
            except (OSError, websockets.WebSocketException, TimeoutError):
                pass
            self._listening.clear()
            await asyncio.sleep(_RECONNECT_S[min(failures, len(_RECONNECT_S) - 1)])
            failures += 1

    async def _take_in(self, socket: websockets.ClientConnection) -> None:
        async for raw in socket:
            try:
                message = self._views.hear(raw)
            except ValidationError:
                continue  # a newer cloud may say what this phone does not know
            for queue in self._subscribers:
                if not queue.full():
                    queue.put_nowait(message)
            async with self._news:
                self._news.notify_all()

    def _socket_url(self) -> str:
        base = self.url.replace("http", "ws", 1)
        return f"{base}/live?token={self.tokens.access if self.tokens else ''}"

    # ------------------------------------------------------------ sending

    async def call(self, call: Call[T]) -> T:
        """Send a call; a token that has run out is renewed once."""
        try:
            return await self._send(call, self.url)
        except SignedOut:
            if self.tokens is None or not self.tokens.refresh:
                raise
        renewed = calls.refresh(self._client_id, self.tokens.refresh)
        self.tokens = await self._send(renewed, self._identity)
        return await self._send(call, self.url)

    async def _send(self, call: Call[T], base: str) -> T:
        token = self.tokens.access if self.tokens else None
        try:
            response = await self._http.request(
                call.method, base + call.path, content=call.body, headers=call.headers_with(token)
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(f"no cloud answers at {base}: {error or type(error).__name__}") from (
                error
            )
        return call.answer(response.status_code, response.content)
