"""The action `sns`: the result to all subscribers of a topic."""

from dataclasses import dataclass
from typing import ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_message
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, PublishToTopic
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_FORMATS: Final = ("RAW", "JSON")


@dataclass(frozen=True, slots=True)
class SnsAction:
    """RAW says the same to all; JSON has a member for each protocol, and `default`."""

    action: ClassVar[str] = PublishToTopic.action
    target: Template
    is_by_protocol: bool = False

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A message; JSON needs an object of texts with `default` among them."""
        target = self.target.render(context)
        if not self.is_by_protocol:
            message = as_message(result)
            if not message:
                reason = "the result is not text" if message is None else "it is empty"
                return Failed(PublishToTopic.action, target, reason)
            return PublishToTopic(target, message)
        said = result if isinstance(result, dict) else {}
        texts = {name: value for name, value in said.items() if isinstance(value, str)}
        if "default" not in texts:
            reason = "messageFormat JSON needs an object with the text `default`"
            return Failed(PublishToTopic.action, target, reason)
        return PublishToTopic(target, texts.pop("default"), texts)


def read(action: str, given: object) -> SnsAction:
    """The action as declared."""
    said = Parameters(action, given, ("targetArn", "messageFormat"))
    if said.text("targetArn").endswith(".fifo"):
        raise said.error("a rule cannot publish to a FIFO topic")
    message_format = said.word("messageFormat", _FORMATS, "RAW")
    return SnsAction(said.template("targetArn"), message_format == "JSON")
