"""Makes robots known to a cloud, and writes the slips that stand under them."""

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import numpy as np

from cloud_functions.contract.aws_signature import Credentials, Signed, signed_headers
from device_sim.robot.chance import Purpose, hashed, key_of
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import RobotSpec

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_AT_ONCE: Final = 16
FILE_NAME: Final = "robots.json"


class NotRegistered(Exception):
    """The cloud would not take a robot; the message says why."""


def claim_code(seed: int, thing: str) -> str:
    """The code under a robot, the same whenever the same fleet is made."""
    keys = np.array([key_of(thing)], dtype=np.uint64)
    bits = int(hashed(seed, keys, 0, Purpose.CLAIM)[0])
    letters = "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 40, 5))
    return f"{letters[:4]}-{letters[4:]}"


def slip(spec: RobotSpec, seed: int) -> dict[str, Any]:
    """What `robots.json` says of one robot."""
    return {
        "thing": spec.thing,
        "family": spec.family,
        "name": spec.name,
        "claimCode": claim_code(seed, spec.thing),
    }


def thing_body(spec: RobotSpec, seed: int) -> dict[str, Any]:
    """The body of CreateThing for a robot; its claim code goes as a hash."""
    code = claim_code(seed, spec.thing)
    attributes = {
        "family": spec.family,
        "sku": FAMILIES[spec.family].sku,
        "claimCodeHash": hashlib.sha256(code.encode()).hexdigest(),
    }
    return {"attributePayload": {"attributes": attributes}}


async def register(
    http: str,
    specs: Sequence[RobotSpec],
    seed: int,
    credentials: Credentials | None = None,
) -> None:
    """Create the things; doing it again changes nothing.  Raises NotRegistered.

    A cloud that checks signatures wants `credentials`; to any other they are nothing.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    async with httpx2.AsyncClient(base_url=http, timeout=30) as client:

        async def one(spec: RobotSpec) -> None:
            path, body = f"/things/{spec.thing}", json.dumps(thing_body(spec, seed)).encode()
            async with gate:
                headers = _signature(credentials, urlsplit(http).netloc, path, body)
                answer = await client.post(path, content=body, headers=headers)
            if answer.is_error:
                raise NotRegistered(f"{spec.thing}: {answer.json().get('message')}")

        try:
            await asyncio.gather(*(one(spec) for spec in specs))
        except httpx2.HTTPError as error:
            raise NotRegistered(f"no cloud answers at {http}: {error}") from error


def _signature(
    credentials: Credentials | None, host: str, path: str, body: bytes
) -> Mapping[str, str]:
    """The headers that sign a request, none without credentials."""
    if credentials is None:
        return {}
    request = Signed("POST", path, "", {"host": host}, body)
    return signed_headers(credentials, request, service="iot", now_s=time.time())


def write_slips(directory: Path, specs: Sequence[RobotSpec], seed: int) -> Path:
    """Write `robots.json` by rename; its path."""
    path = directory / FILE_NAME
    draft = directory / f".{FILE_NAME}"
    draft.write_text(json.dumps([slip(spec, seed) for spec in specs], indent=2) + "\n")
    draft.replace(path)
    return path
