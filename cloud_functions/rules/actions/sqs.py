"""The action `sqs`: the result as a message of a queue."""

import base64
from dataclasses import dataclass
from typing import ClassVar

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_bytes, as_message
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, SendMessage
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value


@dataclass(frozen=True, slots=True)
class SqsAction:
    """A queue takes text: bytes that are none need `useBase64`."""

    action: ClassVar[str] = SendMessage.action
    queue_url: Template
    use_base64: bool = False

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A message."""
        queue_url = self.queue_url.render(context)
        if self.use_base64:
            return SendMessage(queue_url, base64.b64encode(as_bytes(result)).decode())
        body = as_message(result)
        if not body:
            reason = "the result is not text: useBase64 sends it all the same"
            return Failed(SendMessage.action, queue_url, reason if body is None else "it is empty")
        return SendMessage(queue_url, body)


def read(action: str, given: object) -> SqsAction:
    """The action as declared; FIFO queues are refused as on AWS (AWS reference, section 2.11)."""
    said = Parameters(action, given, ("queueUrl", "useBase64"))
    if said.text("queueUrl").endswith(".fifo"):
        raise said.error("a rule cannot send to a FIFO queue")
    return SqsAction(said.template("queueUrl"), said.flag("useBase64"))
