"""The same boto3 calls to our local cloud, to moto and to MiniStack, answer beside answer.

    python -m benchmarks.aws_sequences [--ministack PROGRAM] [--record]

The sequences stand in `tests/compliance/aws_sequences/`; each step says what we answer.  Where a
peer answers otherwise, `differences.json` there says why: by a line of the AWS reference.  A
difference without a reason, or a reason without a difference, ends this with 1.
"""

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.response import StreamingBody

from benchmarks.local_cloud import ministack, wait_for

FOLDER = Path(__file__).parents[1] / "tests" / "compliance" / "aws_sequences"
_HEX_DIGITS = frozenset("0123456789abcdef")
_CERTIFICATE_ID = 64
_DASHES_OF_UUID = 4
_EPOCH_S = (1_600_000_000, 4_000_000_000)


class Answered(NamedTuple):
    """What a peer said to one step of a sequence."""

    sequence: str
    step: int
    call: str
    said: Any


def sequences() -> Sequence[Mapping[str, Any]]:
    """All sequences, in the order of their files."""
    files = sorted(path for path in FOLDER.glob("*.json") if path.name != "differences.json")
    return [sequence for path in files for sequence in json.loads(path.read_text())]


def differences() -> Mapping[tuple[str, str, int], str]:
    """Why a peer (first) answers a step (third) of a sequence (second) otherwise than we do."""
    said = json.loads((FOLDER / "differences.json").read_text())
    return {
        (each["peer"], each["sequence"], step): each["because"]
        for each in said
        for step in each["steps"]
    }


class Peer:
    """An endpoint that speaks AWS's APIs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: dict[str, Any] = {}

    def play(self, sequence: Mapping[str, Any]) -> list[Answered]:
        """The answers to all steps; `${n.member}` in a step is a member of the n-th answer."""
        answers: list[Answered] = []
        raw: list[Any] = []
        for number, step in enumerate(sequence["steps"]):
            service, _, operation = step["call"].partition(".")
            said = self._call(service, operation, filled(step.get("with", {}), raw))
            raw.append(said)
            answers.append(Answered(sequence["id"], number, step["call"], normal(said)))
        return answers

    def _call(self, service: str, operation: str, arguments: Mapping[str, Any]) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._url,
                region_name="us-east-1",
                aws_access_key_id="any",
                aws_secret_access_key="any",
                config=Config(retries={"max_attempts": 0}, read_timeout=20),
            )
        sent = {name: _written(name, value) for name, value in arguments.items()}
        try:
            answer = getattr(self._clients[service], operation)(**sent)
        except ClientError as error:
            return {"error": error.response["Error"]["Code"]}
        except ParamValidationError as error:
            return {"error": f"botocore refuses the call: {error}"}
        answer.pop("ResponseMetadata", None)
        return {name: _read(value) for name, value in answer.items()}


def _written(name: str, value: Any) -> Any:
    """An argument as boto3 takes it: payloads and documents are texts."""
    is_body = name in ("payload", "document", "policyDocument", "templateBody")
    return json.dumps(value) if is_body and not isinstance(value, str) else value


def _read(value: Any) -> Any:
    """A body as the JSON value in it."""
    if isinstance(value, StreamingBody):
        value = value.read()
    if isinstance(value, bytes):
        try:
            return json.loads(value)
        except ValueError:
            return value.decode(errors="replace")
    return value


def filled(value: Any, answers: Sequence[Any]) -> Any:
    """The arguments with members of earlier answers put in."""
    if isinstance(value, dict):
        return {name: filled(inner, answers) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, answers) for inner in value]
    if isinstance(value, str) and value.startswith("${"):
        number, _, path = value[2:-1].partition(".")
        found = answers[int(number)]
        for name in path.split("."):
            found = found[int(name)] if isinstance(found, list) else found.get(name, value)
        return found
    return value


def normal(value: Any) -> Any:
    """The value without what differs from run to run: times, identifiers, certificates."""
    if isinstance(value, dict):
        return {name: normal(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [normal(inner) for inner in value]
    if isinstance(value, datetime):
        return "<time>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > _EPOCH_S[1] else value
        return "<time>" if _EPOCH_S[0] < seconds < _EPOCH_S[1] else value
    return _plain_text(value) if isinstance(value, str) else value


def _plain_text(text: str) -> str:
    if text.startswith("-----BEGIN"):
        return "<pem>"
    if text.count("-") == _DASHES_OF_UUID and _HEX_DIGITS.issuperset(text.replace("-", "")):
        return "<uuid>"
    words = text.replace("123456789012", "000000000000").split("/")
    return "/".join(
        "<id>" if len(word) == _CERTIFICATE_ID and _HEX_DIGITS.issuperset(word) else word
        for word in words
    )


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """A moto server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def ours() -> Iterator[str]:
    """A `robofleet up`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "robofleet", "up", "--data", folder, "--free-ports"]
        process = subprocess.Popen([*command, "--broker", "builtin"], stdout=subprocess.DEVNULL)
        path = Path(folder) / "endpoints.json"
        while not path.exists():
            time.sleep(0.05)
        try:
            yield json.loads(path.read_text())["http"]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def unexplained(peer: str, answers: Sequence[Answered]) -> list[str]:
    """What a peer answers otherwise and nobody explained, and explanations of no difference."""
    expected = {
        (sequence["id"], number): step.get("answer")
        for sequence in sequences()
        for number, step in enumerate(sequence["steps"])
    }
    reasons = differences()
    complaints = []
    for each in answers:
        is_same = each.said == expected[each.sequence, each.step]
        has_reason = (peer, each.sequence, each.step) in reasons
        if is_same == has_reason:
            what = "explained and the same" if is_same else f"unexplained: {json.dumps(each.said)}"
            complaints.append(f"{peer} {each.sequence} step {each.step} {each.call}: {what}")
    return complaints


def play_all(url: str) -> list[Answered]:
    """Every sequence at one endpoint."""
    peer = Peer(url)
    return [answered for sequence in sequences() for answered in peer.play(sequence)]


def record(answers: Sequence[Answered]) -> None:
    """Write what we answer into the sequences, to be read by a person before it is kept."""
    said = {(each.sequence, each.step): each.said for each in answers}
    for path in FOLDER.glob("*.json"):
        if path.name == "differences.json":
            continue
        content = json.loads(path.read_text())
        for sequence in content:
            for number, step in enumerate(sequence["steps"]):
                step["answer"] = said[sequence["id"], number]
        path.write_text(json.dumps(content, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ministack", help="MiniStack's program")
    parser.add_argument("--record", action="store_true", help="write our answers to the files")
    options = parser.parse_args()
    with ours() as url:
        answers = play_all(url)
    if options.record:
        record(answers)
    complaints = unexplained("ours", answers)
    peers = {"moto": moto()}
    if options.ministack:
        peers["ministack"] = ministack(options.ministack)
    for name, peer in peers.items():
        with peer as url:
            theirs = play_all(url.replace("ws://", "http://"))
        complaints += unexplained(name, theirs)
        expected = {(each.sequence, each.step): each.said for each in answers}
        same = sum(each.said == expected[each.sequence, each.step] for each in theirs)
        print(f"{name:<10} answers {same} of {len(theirs)} steps as we do")
    print("\n".join(complaints) or "every difference is explained")
    sys.exit(bool(complaints))


if __name__ == "__main__":
    main()
