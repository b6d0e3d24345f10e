"""One rule and one message: what its error action says when actions failed."""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cloud_functions.rules.actions import Deed, Failed, RuleAction
from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Needs

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Firing:
    """Joins the actions of one rule for one message; `actions` is how many there are."""

    rule: str
    error_action: RuleAction
    context: Context
    actions: int

    def report(self, failures: Sequence[Failed]) -> Deed | Failed:
        """What to do about the failures: one deed, whose result lists them all."""
        try:
            return self.error_action.prepare(_payload(self, failures), self.context)
        except (Needs, RuleFailed) as error:  # a template of it asks outside, or is too much work
            return Failed("ErrorAction", self.rule, f"its templates cannot be filled: {error}")
        except Exception:
            _logger.exception("the error action of rule %s could not be prepared", self.rule)
            return Failed("ErrorAction", self.rule, "internal error")


def _payload(firing: Firing, failures: Sequence[Failed]) -> dict[str, Any]:
    """The documented message of an error action (AWS reference, section 2.9)."""
    context = firing.context
    return {
        "ruleName": firing.rule,
        "topic": context.topic,
        "cloudwatchTraceId": context.trace_id,
        "clientId": context.client_id,
        "base64OriginalPayload": base64.b64encode(context.raw).decode(),
        "failures": [
            {
                "failedAction": failure.action,
                "failedResource": failure.resource,
                "errorMessage": failure.reason,
            }
            for failure in failures
        ],
    }
