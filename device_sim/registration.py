"""Makes robots known to a cloud, and writes the slips that stand under them."""

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from cloud_functions.contract.aws_signature import Credentials, Signed, signed_headers
from device_sim.robot.chance import Purpose, hashed, key_of
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import RobotSpec

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CONNECTIONS: Final = 16
_ANSWER_S: Final = 30
_TELL_S: Final = 0.25
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


def register(
    http: str,
    specs: Sequence[RobotSpec],
    seed: int,
    credentials: Credentials | None = None,
    told: Callable[[int], None] = lambda _done: None,
) -> None:
    """Create the things, or change those of the same name; doing it again changes nothing.

    Raises NotRegistered.

    A cloud that checks signatures wants `credentials`; to any other they are nothing.  `told` hears
    now and then how many are done.  Several connections share the things, since a cloud keeps what
    comes together in one commit.
    """
    listed = list(specs)
    count = min(_CONNECTIONS, len(listed))
    done = [0] * count
    stop = threading.Event()

    def some(number: int) -> None:
        with contextlib.closing(_connection(http)) as connection:
            for spec in listed[number::count]:
                if stop.is_set():
                    return
                _create(connection, urlsplit(http).netloc, spec, seed, credentials)
                done[number] += 1

    with ThreadPoolExecutor(count, thread_name_prefix="registration") as pool:
        work = {pool.submit(some, number) for number in range(count)}
        try:
            while work:
                ended, work = wait(work, _TELL_S, FIRST_EXCEPTION)
                for each in ended:
                    each.result()
                told(sum(done))
        except (OSError, HTTPException) as error:
            raise NotRegistered(f"no cloud answers at {http}: {error}") from error
        finally:
            stop.set()


def _connection(http: str) -> HTTPConnection:
    address = urlsplit(http)
    make = HTTPSConnection if address.scheme == "https" else HTTPConnection
    return make(address.hostname or "", address.port, timeout=_ANSWER_S)


def _create(
    connection: HTTPConnection,
    host: str,
    spec: RobotSpec,
    seed: int,
    credentials: Credentials | None,
) -> None:
    path, body = f"/things/{spec.thing}", json.dumps(thing_body(spec, seed)).encode()
    for method in ("POST", "PATCH"):  # another robot of that name may have been here before
        signature = dict(_signature(credentials, host, method, path, body))
        connection.request(method, path, body, signature)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != HTTPStatus.CONFLICT:
            break
    if answer.status >= HTTPStatus.BAD_REQUEST:
        raise NotRegistered(f"{spec.thing}: {_message(said)}")


def _message(said: bytes) -> str:
    """The service's own words."""
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return said.decode(errors="replace")


def _signature(
    credentials: Credentials | None, host: str, method: str, path: str, body: bytes
) -> Mapping[str, str]:
    """The headers that sign a request, none without credentials."""
    if credentials is None:
        return {}
    request = Signed(method, path, "", {"host": host}, body)
    return signed_headers(credentials, request, service="iot", now_s=time.time())


def write_slips(
    directory: Path,
    specs: Sequence[RobotSpec],
    seed: int,
    at_home: Sequence[Mapping[str, Any]] = (),
) -> Path:
    """Write `robots.json` by rename; its path.  `at_home` is what each says beside.

    It is its owner's to read: claim codes and passwords are in it.
    """
    path = directory / FILE_NAME
    draft = directory / f".{FILE_NAME}"
    beside: Sequence[Mapping[str, Any]] = at_home or [{}] * len(specs)
    slips = [{**slip(spec, seed), **more} for spec, more in zip(specs, beside, strict=True)]
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(slips, indent=2) + "\n")
    draft.replace(path)
    return path
