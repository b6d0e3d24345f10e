"""The event of a queue for a function, and what the function says of it (Lambda's own shapes)."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from cloud_functions.ports import QueueMessage
from cloud_functions.region import ACCOUNT, REGION


def sqs_event(messages: Sequence[QueueMessage], arn: str) -> bytes:
    """The `Records` of a batch."""
    return orjson.dumps({"Records": [_record(message, arn) for message in messages]})


def _record(message: QueueMessage, arn: str) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(message.sent_ms),
            "SenderId": ACCOUNT,
            "ApproximateFirstReceiveTimestamp": str(message.first_received_ms),
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


def done_of(
    messages: Sequence[QueueMessage], answer: bytes, *, reports_failures: bool
) -> Sequence[QueueMessage]:
    """Which messages of a batch the function is done with, from its answer.

    Without `ReportBatchItemFailures` all are.  With it, those that `batchItemFailures` does not
    name; an answer that cannot be read, or names what was not in the batch, counts as none.
    """
    if not reports_failures:
        return messages
    failed = _failed_ids(answer)
    if failed is None or not failed <= {message.message_id for message in messages}:
        return ()
    return [message for message in messages if message.message_id not in failed]


def _failed_ids(answer: bytes) -> set[str] | None:
    """The ids named; None for an answer that breaks the form."""
    try:
        said = orjson.loads(answer or b"null")
    except orjson.JSONDecodeError:
        return None
    if said is None:
        return set()
    if not isinstance(said, dict):
        return None
    failures = said.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return None
    found: set[str] = set()
    for each in failures:
        identifier = each.get("itemIdentifier") if isinstance(each, dict) else None
        if not isinstance(identifier, str) or not identifier:
            return None
        found.add(identifier)
    return found
