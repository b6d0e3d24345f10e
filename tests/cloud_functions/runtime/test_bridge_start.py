"""A cloud that finds no broker says so, as soon as it can be known."""

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Callable

import pytest

from cloud_functions.errors import Unavailable
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.mosquitto.process import free_port


async def wait_until(seen: Callable[[], bool], patience_s: float = 20) -> None:
    deadline = time.monotonic() + patience_s
    while not seen():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def ignore(_messages) -> None:
    pass


@contextlib.asynccontextmanager
async def served(answer: bytes | None):
    """The port of a server that answers CONNECT so, or with nothing at all."""

    served: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        await reader.read(1)
        with contextlib.suppress(OSError):
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*(each for each in served if each))


async def failed_start(port: int, **more) -> str:
    with pytest.raises(Unavailable) as refused:
        await Bridge(f"mqtt://ada:secret@127.0.0.1:{port}", **more).start(ignore, ["a/#"])
    assert "secret" not in str(refused.value)
    return str(refused.value)


async def test_where_nobody_listens_it_does_not_wait_out_its_patience() -> None:
    said = await failed_start(free_port("127.0.0.1"), patience_s=1000)

    assert "Connection refused, tried " in said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x20\x03\x00\x87\x00", "refused the cloud: reason 135 (NOT_AUTHORIZED)"),
        (b"\x00\x00", "is no broker that speaks MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "ends them without an answer to CONNECT"),
        (b"", "ends them without an answer to CONNECT"),
    ],
)
async def test_what_is_no_broker_for_it_is_told_at_once(answer, said) -> None:
    async with served(answer) as port:
        assert said in await failed_start(port, patience_s=1000)


async def test_a_silent_server_is_said_to_be_silent_and_then_given_up(caplog) -> None:
    async with served(None) as port:
        said = await failed_start(port, patience_s=0.3)

    silent = "took the connection and has not answered CONNECT"
    assert f"{silent} within 0.3 s" in said
    assert [silent in record.message for record in caplog.records] == [True]


@pytest.mark.mosquitto
async def test_two_clouds_at_one_broker_are_told_that_they_are_two(tmp_path, caplog) -> None:
    port = free_port("127.0.0.1")
    (tmp_path / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    program = shutil.which("mosquitto") or "mosquitto"
    broker = await asyncio.create_subprocess_exec(
        program, "-c", str(tmp_path / "conf"), stderr=asyncio.subprocess.DEVNULL
    )
    clouds = [Bridge(f"mqtt://127.0.0.1:{port}") for _ in range(2)]
    try:
        for cloud in clouds:
            await cloud.start(ignore, ["a/#"])
        await wait_until(lambda: "another cloud seems to run" in caplog.text)
    finally:
        for cloud in clouds:
            await cloud.stop()
        broker.kill()
        await broker.wait()

    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert 1 <= len(errors) <= 2, "once by each at most"
