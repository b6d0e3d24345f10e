"""One connection to a robot at home: its state, and wishes with the robot's own echo."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiomqtt

from cloud_functions.contract import home_network as wire
from mobile_client.errors import NotSeen, Refused, Unreachable
from mobile_client.lan.finding import client_context
from mobile_client.lan.view import HomeView

_WRONG_CREDENTIALS = (4, 5, 134, 135)


class HomeRobot:
    """A robot by address, BLID and password.  Entering raises Unreachable or Refused."""

    def __init__(self, address: str, blid: str, password: str, port: int = wire.TLS_PORT) -> None:
        self.view = HomeView()
        self._where = f"{address}:{port}"
        self._changed = asyncio.Event()
        self._client = aiomqtt.Client(
            hostname=address, port=port, identifier=blid, username=blid, password=password,
            protocol=aiomqtt.ProtocolVersion.V311, tls_context=client_context(),
            tls_insecure=True,
        )  # fmt: skip
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._client.__aenter__()
        except aiomqtt.MqttError as error:
            raise self._refusal(error) from None
        self._listener = asyncio.create_task(self._listen(), name="home-robot")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await self._listener
        with contextlib.suppress(aiomqtt.MqttError):
            await self._client.__aexit__(kind, error, trace)

    async def state(self, timeout_s: float) -> Mapping[str, Any]:
        """Everything the robot says of itself.  Raises NotSeen."""
        await self._until(lambda: self.view.is_whole, timeout_s, "its state")
        return self.view.members

    async def ask(self, name: str, params: Mapping[str, Any], timeout_s: float) -> None:
        """Ask for a command and wait until it is echoed.  Raises NotSeen."""
        time_s = int(time.time())
        await self._client.publish(wire.COMMANDS, wire.command(name, params, time_s))
        await self._until(lambda: self.view.has_echoed(name, time_s), timeout_s, name)

    async def set(self, wanted: Mapping[str, Any], timeout_s: float) -> None:
        """Change settings and wait until they are echoed.  Raises NotSeen."""
        await self._client.publish(wire.SETTINGS, wire.settings(wanted))
        await self._until(lambda: self.view.has_taken(wanted), timeout_s, ", ".join(wanted))

    async def _until(self, is_so: Callable[[], bool], timeout_s: float, what: str) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()
                    if self._listener is not None and self._listener.done():
                        self._listener.result()
        except TimeoutError:
            raise NotSeen(f"{self._where} did not tell {what} within {timeout_s:g} s") from None
        except aiomqtt.MqttError as error:
            raise Unreachable(f"the robot at {self._where} is gone ({error})") from None

    async def _listen(self) -> None:
        """A robot says everything unasked: there is nothing to subscribe to."""
        try:
            async for message in self._client.messages:
                if isinstance(message.payload, bytes):
                    self.view.hear(message.payload)
                    self._changed.set()
        finally:
            self._changed.set()

    def _refusal(self, error: aiomqtt.MqttError) -> Unreachable | Refused:
        code = getattr(error, "rc", None)
        if getattr(code, "value", code) in _WRONG_CREDENTIALS:
            return Refused(0, "wrong_password", f"{self._where} refuses the BLID or its password")
        return Unreachable(
            f"no robot talks at {self._where} ({error}); it talks to one client at a time"
        )
