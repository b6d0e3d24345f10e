"""The parameters of an action, as CloudFormation or the API spells them.

The API writes `queueUrl`, CloudFormation `QueueUrl`: an action names its parameters once, in the
API's spelling, and what it complains about is spelt as the declaration spelt it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.template import Template

ROLE: Final = "roleArn"
"""Needed on AWS, and of no meaning here."""


def api_name(word: str) -> str:
    """A name in the API's spelling: `QueueUrl` is `queueUrl`, `DynamoDBv2` is `dynamoDBv2`."""
    return word[:1].lower() + word[1:]


def as_api(said: Any) -> Any:
    """A declaration with all its names in the API's spelling."""
    if isinstance(said, Mapping):
        return {api_name(str(name)): as_api(value) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [as_api(each) for each in said]
    return said


class UnknownParameter(InvalidDeclaration):
    """An action has no parameter of that name."""

    def __init__(self, text: str, path: tuple[str | int, ...]) -> None:
        super().__init__(text)
        self.path = path


class Parameters:
    """The parameters of one action; every reading method raises InvalidDeclaration."""

    def __init__(
        self, action: str, given: object, known: Sequence[str], path: Sequence[str | int] = ()
    ) -> None:
        """`path` are the steps from the action's parameters to these."""
        self._action = action
        self._path = tuple(path)
        if not isinstance(given, Mapping):
            raise self.error(f"the parameters are an object, not {given!r}")
        self._is_capital = any(str(name)[:1].isupper() for name in given)
        self._given = {api_name(str(name)): value for name, value in given.items()}
        for name in self._given:
            if name not in known and name != ROLE:
                allowed = ", ".join(map(self._spelt, known))
                raise UnknownParameter(
                    f"{action}: there is no parameter {self._spelt(name)}; there are {allowed}",
                    (*path, self._spelt(name)),
                )

    def has(self, name: str) -> bool:
        """Whether it was given."""
        return self._given.get(name) is not None

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self._given.get(name)
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, int | float):
            value = str(value)  # CloudFormation turns a YAML number into text
        if not isinstance(value, str) or not value:
            raise self.error(f"needs {self._spelt(name)}, a text", name)
        return value

    def template(self, name: str) -> Template:
        """A text with `${...}` in it, which must be there."""
        try:
            return Template.parse(self.text(name))
        except SqlError as error:
            error.path = (*self._path, self._spelt(name))
            raise

    def maybe_template(self, name: str) -> Template | None:
        """As `template`, None where it is not given."""
        return self.template(name) if self.has(name) else None

    def word(self, name: str, words: Sequence[str], default: str) -> str:
        """One of a few words."""
        value = self._given.get(name, default)
        if value not in words:
            allowed = " or ".join(words)
            raise self.error(f"{self._spelt(name)} is {allowed}, not {value!r}", name)
        return str(value)

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number within its bounds."""
        value = self._given.get(name, default)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(f"{self._spelt(name)} is {low} to {high}, not {value!r}", name)
        return value

    def flag(self, name: str) -> bool:
        """True or false, false where it is not given."""
        value = self._given.get(name, False)
        if value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise self.error(f"{self._spelt(name)} is true or false, not {value!r}", name)
        return value

    def inner(self, name: str, known: Sequence[str]) -> "Parameters":
        """An object of parameters; empty where it is not given."""
        spelt = self._spelt(name)
        path = (*self._path, spelt)
        return Parameters(f"{self._action}: {spelt}", self._given.get(name, {}), known, path)

    def each(self, name: str, known: Sequence[str], most: int) -> "list[Parameters]":
        """A list of objects; empty where it is not given."""
        value = self._given.get(name) or []
        if not isinstance(value, list | tuple) or len(value) > most:
            raise self.error(f"{self._spelt(name)} is a list of at most {most}", name)
        place, path = f"{self._action}: {self._spelt(name)}", (*self._path, self._spelt(name))
        return [Parameters(place, each, known, (*path, index)) for index, each in enumerate(value)]

    def error(self, reason: str, name: str | None = None) -> InvalidDeclaration:
        """A refusal that names the action, about one of its parameters or all of them."""
        refusal = InvalidDeclaration(f"{self._action}: {reason}")
        refusal.path = self._path if name is None else (*self._path, self._spelt(name))
        return refusal

    def _spelt(self, name: str) -> str:
        return name[:1].upper() + name[1:] if self._is_capital else name
