"""Who hears of a topic."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from cloud_functions.region import ACCOUNT, REGION


class Protocol(StrEnum):
    """How a subscriber is told, in SNS's words; it has more that are not run here."""

    LAMBDA = "lambda"
    SQS = "sqs"
    HTTP = "http"
    HTTPS = "https"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One subscription; a function and a queue are meant by their names.

    `is_raw` leaves SNS's envelope away.
    """

    topic: str
    protocol: Protocol
    endpoint: str
    is_raw: bool = False

    @property
    def arn(self) -> str:
        """The subscription's ARN, the same in every run."""
        said = f"{self.topic} {self.protocol} {self.endpoint}"
        return f"{topic_arn(self.topic)}:{uuid5(NAMESPACE_URL, said)}"


def topic_arn(name: str) -> str:
    """The ARN of the topic of that name."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


def topic_name(address: str) -> str:
    """The name in a topic's ARN; a name is its own."""
    return address.rsplit(":", 1)[-1]
