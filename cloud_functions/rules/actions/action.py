"""What every action is to the rule that has it."""

from typing import ClassVar, Protocol

from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed
from cloud_functions.rules.values import Value


class RuleAction(Protocol):
    """An action, read from its declaration once; `action` is AWS's name for it in failures."""

    action: ClassVar[str]

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """What to do with a result; templates are filled from the original payload."""
