"""Certificates that are not ours, and an HTTP endpoint of somebody else's on this computer."""

import asyncio
from dataclasses import dataclass, field

import pytest
import trustme


@dataclass
class Letter:
    """A request as the endpoint got it."""

    path: str
    headers: dict
    body: bytes


@dataclass
class Endpoint:
    """Answers with the given statuses in turn, then with 200."""

    port: int = 0
    letters: list = field(default_factory=list)
    statuses: list = field(default_factory=list)
    answer: bytes = b""
    delay_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    async def serve(self, reader, writer) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.letters.append(Letter(head[0].split(" ")[1], headers, body))
                await asyncio.sleep(self.delay_s)
                status = self.statuses.pop(0) if self.statuses else 200
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-length: {len(self.answer)}\r\n\r\n".encode()
                )
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def endpoint():
    made = Endpoint()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


class MemoryDestinations:
    """A store of destinations without a disk."""

    def __init__(self) -> None:
        self.kept: dict = {}

    def put_destination(self, destination) -> None:
        self.kept[destination.arn] = destination

    def delete_destination(self, arn) -> None:
        self.kept.pop(arn, None)

    def destinations(self):
        return list(self.kept.values())


@pytest.fixture
def destination_store():
    return MemoryDestinations()


@pytest.fixture(scope="session")
def foreign_pem():
    ca = trustme.CA()

    def make(name: str) -> str:
        return ca.issue_cert(common_name=name).cert_chain_pems[0].bytes().decode()

    return make
