"""Resolves CloudFormation's functions to the values they have on this computer."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.runtime.template.values import scalar, shown
from cloud_functions.runtime.template.yaml_nodes import Listed, Marked, Refusal, place_of

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
MAX_NODES: Final = 200_000
"""Nodes that are resolved of one template: conditions and YAML's aliases can multiply them."""
_MAX_TEXT: Final = 1_000_000
_HOLE: Final = re.compile(r"\$\{([^}!][^}]*)\}")
_LITERAL_HOLE: Final = re.compile(r"\$\{!([^}]*)\}")
_ABSENT: Final = object()


class Resolver:
    """Knows parameters, conditions, mappings, and what `Ref` and `GetAtt` of a resource mean here.

    `attributes` maps a logical id to its `Ref` value (key "") and its attributes.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        attributes: Mapping[str, Mapping[str, str]],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
    ) -> None:
        self._parameters = parameters
        self._attributes = attributes
        self._conditions = conditions
        self._mappings = mappings
        self._asked: list[str] = []
        self._known: dict[str, bool] = {}
        self._nodes = 0
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::Not": self._not,
            "Fn::And": lambda said: all(self._held(said)),
            "Fn::Or": lambda said: any(self._held(said)),
            "Condition": self.condition,
        }

    def resolve(self, value: Any) -> Any:
        """The value with every function in it replaced.  Raises InvalidDeclaration."""
        resolved = self._resolve(value)
        if resolved is _ABSENT:
            raise Refusal(f"{NO_VALUE} cannot stand here", place_of(value))
        return resolved

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if not isinstance(name, str) or name not in self._conditions:
            raise Refusal(f"there is no condition {shown(name)}")
        if name in self._asked:
            chain = " -> ".join([*self._asked, name])
            raise Refusal(f"the condition {name} depends on itself: {chain}")
        if name not in self._known:
            self._asked.append(name)
            try:
                self._known[name] = self._truth(self._conditions[name])
            finally:
                self._asked.pop()
        return self._known[name]

    def _resolve(self, value: Any) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Refusal(f"the template has more than {MAX_NODES} values")
        if isinstance(value, Listed):
            elements = Listed(value.place)
            for raw, place in value.placed():
                if (each := self._resolve(raw)) is not _ABSENT:
                    elements.add_at(each, place)
            return elements
        if not isinstance(value, Marked):
            return value
        if len(value) == 1:
            ((name, said),) = value.items()
            if name in self._functions and (name != "Condition" or isinstance(said, str)):
                return self._call(name, said, value)
            if name.startswith("Fn::"):
                known = ", ".join(sorted(self._functions))
                raise Refusal(f"{name} is not supported here; there are {known}", value.place)
        resolved = Marked(value.place)
        for key, raw in value.items():
            if (each := self._resolve(raw)) is not _ABSENT:
                resolved.set_at(key, each, value.places[key], value.values_at[key])
        return resolved

    def _call(self, name: str, said: Any, node: Marked) -> Any:
        try:
            return self._functions[name](said)
        except Refusal as refusal:
            raise Refusal(str(refusal), refusal.place or node.place) from None
        except InvalidDeclaration as error:
            raise Refusal(str(error), node.place) from None
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Refusal(f"{name} cannot take {_written(said)}", node.place) from None

    # ------------------------------------------------------------ values

    def _ref(self, name: str) -> Any:
        if name == NO_VALUE:
            return _ABSENT
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self._parameters:
            return _copied(self._parameters[name])
        if name in self._attributes:
            return self._attributes[name][""]
        raise Refusal(f"Ref {name}: there is no such parameter or resource")

    def _get_att(self, said: Any) -> str:
        resource, attribute = said if isinstance(said, list) else said.split(".", 1)
        known = self._attributes.get(resource)
        if known is None:
            raise Refusal(f"GetAtt {resource}: there is no such resource")
        if attribute not in known:
            raise Refusal(f"GetAtt {resource}.{attribute} has no value on this computer")
        return known[attribute]

    def _sub(self, said: Any) -> str:
        text, more = said if isinstance(said, list) else (said, {})

        def fill(hole: re.Match[str]) -> str:
            name = hole.group(1)
            if name in more:
                return self._text(more[name])
            return _text_of(self._get_att(name) if "." in name else self._ref(name))

        return _bounded(_LITERAL_HOLE.sub(r"${\1}", _HOLE.sub(fill, text)))

    def _join(self, said: Any) -> str:
        glue, parts = said
        resolved = self.resolve(parts)
        if not isinstance(glue, str) or not isinstance(resolved, list):
            raise TypeError
        return _bounded(glue.join(map(_text_of, resolved)))

    def _select(self, said: Any) -> Any:
        place, choices = said
        index, resolved = int(self._text(place)), self.resolve(choices)
        if index < 0 or not isinstance(resolved, list):
            raise IndexError
        return resolved[index]

    def _split(self, said: Any) -> Listed:
        glue, text = said
        return _list_of(self._text(text).split(self._text(glue)), said)

    def _find_in_map(self, said: Any) -> Any:
        name, first, second = (self._text(part) for part in said)
        return self.resolve(self._mappings[name][first][second])

    def _if(self, said: Any) -> Any:
        name, then, otherwise = said
        return self._resolve(then if self.condition(name) else otherwise)

    # ------------------------------------------------------------ conditions

    def _equals(self, said: Any) -> bool:
        left, right = (self.resolve(each) for each in said)
        texts = scalar(left), scalar(right)
        return left == right if None in texts else texts[0] == texts[1]

    def _not(self, said: Any) -> bool:
        (only,) = said
        return not self._truth(only)

    def _held(self, said: Any) -> Sequence[bool]:
        if not isinstance(said, list) or not said:
            raise TypeError
        return [self._truth(each) for each in said]

    def _truth(self, said: Any) -> bool:
        value = self.resolve(said)
        if not isinstance(value, bool):
            raise Refusal(f"a condition is true or false, not {shown(value)}", place_of(said))
        return value

    def _text(self, value: Any) -> str:
        return _text_of(self.resolve(value))


def _text_of(value: object) -> str:
    text = scalar(value)
    if text is None:
        raise TypeError
    return text


def _bounded(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise Refusal(f"a text has at most {_MAX_TEXT} characters")
    return text


def _written(said: object) -> str:
    return f"[{', '.join(map(shown, said))}]" if isinstance(said, list) else shown(said)


def _list_of(texts: Sequence[str], said: object) -> Listed:
    place = place_of(said) or (1, 1)
    made = Listed(place)
    for each in texts:
        made.add_at(each, place)
    return made


def _copied(value: Any) -> Any:
    return _list_of(value, None) if isinstance(value, list | tuple) else value
