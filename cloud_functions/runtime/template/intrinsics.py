"""Resolves CloudFormation's functions to the values they have on this computer."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT, REGION

PSEUDO: Final[Mapping[str, str]] = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::StackName": "local",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/0",
    "AWS::URLSuffix": "amazonaws.com",
}
USER_POOL: Final = "local_robofleet"
PHONE_CLIENT: Final = "robofleet-phone"
"""What `Ref` of a Cognito user pool and of its client mean here."""
NO_VALUE: Final = "AWS::NoValue"
_HOLE: Final = re.compile(r"\$\{([^}!][^}]*)\}")
_LITERAL_HOLE: Final = re.compile(r"\$\{!([^}]*)\}")
_ABSENT: Final = object()


class Resolver:
    """Knows parameters, conditions, mappings, and what `Ref` and `GetAtt` of a resource mean here.

    `attributes` maps a logical id to its `Ref` value (key "") and its attributes.
    """

    def __init__(
        self,
        parameters: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, str]],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._parameters = parameters
        self._attributes = attributes
        self._conditions = conditions
        self._mappings = mappings
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": lambda said: self.resolve(said[1])[int(self.resolve(said[0]))],
            "Fn::Split": lambda said: self.resolve(said[1]).split(self.resolve(said[0])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Equals": lambda said: self.resolve(said[0]) == self.resolve(said[1]),
            "Fn::Not": lambda said: not self.resolve(said[0]),
            "Fn::And": lambda said: all(map(self.resolve, said)),
            "Fn::Or": lambda said: any(map(self.resolve, said)),
            "Condition": self.condition,
        }

    def resolve(self, value: Any) -> Any:
        """The value with every function in it replaced.  Raises InvalidDeclaration."""
        if isinstance(value, list):
            return [each for raw in value if (each := self.resolve(raw)) is not _ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, said),) = value.items()
            if name in self._functions and (name != "Condition" or isinstance(said, str)):
                return self._call(name, said)
            if name.startswith("Fn::"):
                known = ", ".join(sorted(self._functions))
                raise InvalidDeclaration(f"{name} is not supported here; there are {known}")
        resolved = {key: self.resolve(inner) for key, inner in value.items()}
        return {key: inner for key, inner in resolved.items() if inner is not _ABSENT}

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if name not in self._conditions:
            raise InvalidDeclaration(f"there is no condition {name}")
        return bool(self.resolve(self._conditions[name]))

    def _call(self, name: str, said: Any) -> Any:
        try:
            return self._functions[name](said)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError):
            raise InvalidDeclaration(f"{name} cannot take {said!r}") from None

    def _ref(self, name: str) -> Any:
        if name == NO_VALUE:
            return _ABSENT
        for known in (PSEUDO, self._parameters):
            if name in known:
                return known[name]
        if name in self._attributes:
            return self._attributes[name][""]
        raise InvalidDeclaration(f"Ref {name}: there is no such parameter or resource")

    def _get_att(self, said: Any) -> str:
        resource, attribute = said if isinstance(said, list) else said.split(".", 1)
        known = self._attributes.get(resource)
        if known is None:
            raise InvalidDeclaration(f"GetAtt {resource}: there is no such resource")
        if attribute not in known:
            raise InvalidDeclaration(f"GetAtt {resource}.{attribute} has no value on this computer")
        return known[attribute]

    def _sub(self, said: Any) -> str:
        text, more = said if isinstance(said, list) else (said, {})

        def fill(hole: re.Match[str]) -> str:
            name = hole.group(1)
            if name in more:
                return str(self.resolve(more[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _LITERAL_HOLE.sub(r"${\1}", _HOLE.sub(fill, text))

    def _join(self, said: Any) -> str:
        glue, parts = said
        return str(glue).join(str(part) for part in self.resolve(parts))

    def _find_in_map(self, said: Any) -> Any:
        name, first, second = (self.resolve(part) for part in said)
        return self._mappings[name][first][second]

    def _if(self, said: Any) -> Any:
        name, then, otherwise = said
        return self.resolve(then if self.condition(name) else otherwise)
