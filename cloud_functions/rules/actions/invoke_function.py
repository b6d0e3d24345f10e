"""The action `lambda`: hand the result to a function."""

from dataclasses import dataclass
from typing import ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_bytes, is_json
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, InvokeFunction
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_NAME: Final = 6
"""Where an ARN has the function's name."""


@dataclass(frozen=True, slots=True)
class LambdaAction:
    """Invokes asynchronously; `function` is a name, or a template that renders to an ARN."""

    action: ClassVar[str] = InvokeFunction.action
    function: str | Template

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """An invocation; functions take JSON only (AWS reference, section 2.6)."""
        name = self.function
        if isinstance(name, Template):
            name = function_name(name.render(context))
        if not is_json(result):
            return Failed(InvokeFunction.action, name, "the result is not JSON")
        return InvokeFunction(name, as_bytes(result))


def read(action: str, given: object) -> LambdaAction:
    """The action as declared."""
    arn = Parameters(action, given, ("functionArn",)).text("functionArn")
    return LambdaAction(Template.parse(arn) if "${" in arn else function_name(arn))


def function_name(arn: str) -> str:
    """The function's name from its ARN (a version or alias is dropped) or the name itself."""
    parts = arn.split(":")
    return parts[_NAME] if arn.startswith("arn:") and len(parts) > _NAME else arn
