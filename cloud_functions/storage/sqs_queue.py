"""Queues in SQS; time-outs, retention and dead letters are the queue's own attributes there."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cloud_functions.errors import InvalidRequest, NotFound, Unavailable
from cloud_functions.ports import QueueMessage
from cloud_functions.queues.spec import MAX_RECEIVED, check_body

_REQUEST: Final = 10
"""Messages SQS takes in one request."""


class SqsQueue:
    """An adapter of `ports.Queue`; `client` is boto3's `sqs` client."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, bodies: Sequence[str]) -> Sequence[str]:
        """Add messages; their ids.  Raises InvalidRequest, Unavailable."""
        identifiers: list[str] = []
        for body in bodies:
            check_body(body)
        for batch in _batches(bodies):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(batch)]
            answer = self._ask(lambda asked=entries: self._send(asked))
            failed = answer.get("Failed", [])
            if failed:
                kind = InvalidRequest if failed[0].get("SenderFault") else Unavailable
                raise kind(f"{self._url}: {failed[0].get('Message', failed[0]['Code'])}")
            by_number = {each["Id"]: each["MessageId"] for each in answer["Successful"]}
            identifiers += [by_number[str(n)] for n in range(len(batch))]
        return identifiers

    def receive(self, most: int, *, visibility_s: int | None = None) -> Sequence[QueueMessage]:
        """At most so many (1 to 10) that are visible now; returns at once when none are."""
        if not 1 <= most <= MAX_RECEIVED:
            raise InvalidRequest(f"1 to {MAX_RECEIVED} messages are received at once, not {most}")
        asked: dict[str, Any] = {} if visibility_s is None else {"VisibilityTimeout": visibility_s}
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            **asked,
        )
        return [_received(each) for each in answer.get("Messages", ())]

    def delete(self, receipts: Sequence[str]) -> None:
        """Remove what was received; nothing happens for what is gone."""
        for batch in _batches(receipts):
            entries = [{"Id": str(n), "ReceiptHandle": each} for n, each in enumerate(batch)]
            self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def change_visibility(self, receipt: str, visibility_s: int) -> None:
        """Let it come again so many seconds from now.  Raises NotFound if it is not received."""
        errors = self._client.exceptions
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=visibility_s
            )
        except (errors.MessageNotInflight, errors.ReceiptHandleIsInvalid) as error:
            raise NotFound(f"{self._url}: {error}") from error

    def _send(self, entries: Sequence[dict[str, str]]) -> Any:
        return self._client.send_message_batch(QueueUrl=self._url, Entries=entries)

    def _ask(self, call: Any) -> Any:
        """What SQS answers; a refusal by a client error is the sender's fault."""
        try:
            return call()
        except self._client.exceptions.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            kind = InvalidRequest if 400 <= status < 500 else Unavailable  # noqa: PLR2004  HTTP
            raise kind(f"{self._url}: {error}") from error


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), _REQUEST):
        yield items[start : start + _REQUEST]


def _received(said: dict[str, Any]) -> QueueMessage:
    attributes = said["Attributes"]
    return QueueMessage(
        said["MessageId"],
        said["ReceiptHandle"],
        said["Body"],
        int(attributes["SentTimestamp"]),
        int(attributes["ApproximateReceiveCount"]),
        int(attributes["ApproximateFirstReceiveTimestamp"]),
    )
