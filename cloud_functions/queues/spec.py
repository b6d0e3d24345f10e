"""What a queue is declared to be."""

from dataclasses import dataclass
from typing import Final

from cloud_functions.errors import InvalidRequest
from cloud_functions.region import ACCOUNT, REGION

MAX_BODY_BYTES: Final = 1_048_576
MAX_RECEIVED: Final = 10
"""SQS's limits for one message and for one receiving."""


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """A queue with SQS's defaults.

    What was received `max_receives` times and never deleted goes to the queue `dead_letters`.
    """

    name: str
    visibility_s: int = 30
    retention_s: int = 345_600
    delay_s: int = 0
    dead_letters: str | None = None
    max_receives: int = 0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return queue_arn(self.name)

    @property
    def url(self) -> str:
        """Its URL, which names it and leads nowhere here."""
        return queue_url(self.name)


def queue_arn(name: str) -> str:
    """The ARN of the queue of that name."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def queue_url(name: str) -> str:
    """The URL of the queue of that name."""
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def queue_name(address: str) -> str:
    """The name in a queue's URL or ARN; a name is its own."""
    return address.rstrip("/").replace(":", "/").rsplit("/", 1)[-1]


def check_body(body: str) -> None:
    """Raises InvalidRequest for what no message can hold."""
    if not 1 <= len(body.encode()) <= MAX_BODY_BYTES:
        raise InvalidRequest(f"a message has 1 to {MAX_BODY_BYTES} bytes")
