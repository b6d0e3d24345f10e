"""Things registered a second, durable when answered: commits shared and alone, and beside moto.

    python -m benchmarks.registry [--things 5000] [--at-once 64]

The first part leaves HTTP out: the same operations through the registrar, which commits what
waits together, and each with a commit of its own.  The second registers over HTTP with the same
client, 64 at once, at our cloud and at moto (whose things live in memory).
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks.aws_sequences import moto, ours
from cloud_functions.registry import things
from cloud_functions.runtime.registrar import Registrar

SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=any/20261124/us-east-1/iot/aws4_request,"
    " SignedHeaders=host, Signature=0"
}
BODY = {"attributePayload": {"attributes": {"family": "s9", "sku": "S955020", "claim": "0" * 64}}}


async def through_the_registrar(path: Path, count: int, at_once: int) -> float:
    """Things a second with `at_once` callers that wait for their answers."""
    registrar = Registrar(path)
    attributes = BODY["attributePayload"]["attributes"]
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            name = f"robot-{number}"
            await registrar.run(lambda change, name=name: things.create(change, name, attributes))

    await registrar.run(lambda _change: None)
    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    spent = time.perf_counter() - began
    await registrar.close()
    return count / spent


async def over_http(url: str, count: int, at_once: int) -> float:
    """Things a second over HTTP with `at_once` requests in flight."""
    numbers = iter(range(count))
    limits = httpx2.Limits(max_connections=at_once)
    client = httpx2.AsyncClient(base_url=url, headers=SIGNED, limits=limits, timeout=60)
    async with client:

        async def caller() -> None:
            for number in numbers:
                answer = await client.post(f"/things/robot-{number}", json=BODY)
                answer.raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(at_once)))
        return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=5000)
    parser.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    count, at_once = options.things, options.at_once
    with tempfile.TemporaryDirectory() as folder:
        alone = asyncio.run(through_the_registrar(Path(folder) / "alone.db", count // 5, 1))
        shared = asyncio.run(through_the_registrar(Path(folder) / "shared.db", count, at_once))
    print(f"registrar, one commit a call      {alone:8.0f} things/s")
    print(f"registrar, commits shared         {shared:8.0f} things/s  {shared / alone:.1f} times")
    with ours() as url:
        mine = asyncio.run(over_http(url, count, at_once))
    with moto() as url:
        theirs = asyncio.run(over_http(url, count // 5, at_once))
    print(f"over HTTP, ours, durable          {mine:8.0f} things/s  {mine / theirs:.1f} times moto")
    print(f"over HTTP, moto, in memory        {theirs:8.0f} things/s")


if __name__ == "__main__":
    main()
