"""A topic rule as it was declared, in the API's spelling, whoever declared it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.rules.actions.parameters import as_api
from cloud_functions.rules.rule import DeclaredAction, DeclaredRule

DEFAULT_SQL_VERSION: Final = "2015-10-08"
SQL_VERSIONS: Final = (DEFAULT_SQL_VERSION, "2016-03-23", "beta")
_PAYLOAD: Final = (
    *("sql", "description", "actions", "ruleDisabled", "awsIotSqlVersion", "errorAction"),
)


class DeclaredWhole(DeclaredRule, Protocol):
    """A rule as a template declares it, with what only the API tells."""

    @property
    def sql_version(self) -> str:
        """The language's version."""

    @property
    def enabled(self) -> bool:
        """Whether it runs."""

    @property
    def description(self) -> str:
        """What it is for."""


@dataclass(frozen=True, slots=True)
class ActionDefinition:
    """One action by its name, with its parameters as declared."""

    kind: str
    parameters: Mapping[str, Any]
    where: str = ""

    @classmethod
    def read(cls, said: object) -> "ActionDefinition":
        """The action in an API's payload.  Raises InvalidDeclaration."""
        if not isinstance(said, Mapping) or len(said) != 1:
            names = ", ".join(map(str, said)) if isinstance(said, Mapping) else repr(said)
            raise InvalidDeclaration(f"an action has one name, not {names or 'none'}")
        ((kind, parameters),) = said.items()
        return cls(str(kind), parameters)

    def payload(self) -> dict[str, Any]:
        """The action as the API writes it."""
        return {self.kind: dict(self.parameters)}


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole rule; it reads as a declared one."""

    name: str
    sql: str
    actions: Sequence[ActionDefinition]
    error_action: ActionDefinition | None = None
    enabled: bool = True
    sql_version: str = DEFAULT_SQL_VERSION
    description: str = ""
    where: str = ""
    created_s: float = 0.0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{self.name}"

    @classmethod
    def of(cls, declared: DeclaredWhole, created_s: float) -> "Definition":
        """The definition behind a template's rule."""
        error = declared.error_action
        return cls(
            declared.name,
            declared.sql,
            [_of(each) for each in declared.actions],
            None if error is None else _of(error),
            declared.enabled,
            declared.sql_version,
            declared.description,
            declared.where,
            created_s,
        )

    @classmethod
    def read(cls, name: str, said: Mapping[str, Any], created_s: float) -> "Definition":
        """The definition in an API's payload.  Raises InvalidDeclaration."""
        for member in said:
            if member not in _PAYLOAD:
                known = ", ".join(_PAYLOAD)
                raise InvalidDeclaration(f"a rule has no member {member}; there are {known}")
        sql, actions = said.get("sql"), said.get("actions")
        if not isinstance(sql, str) or not sql.strip():
            raise InvalidDeclaration("sql is missing: a text is needed")
        if not isinstance(actions, list):
            raise InvalidDeclaration("actions is missing: a list is needed")
        version = said.get("awsIotSqlVersion", DEFAULT_SQL_VERSION)
        if version not in SQL_VERSIONS:
            allowed = ", ".join(SQL_VERSIONS)
            raise InvalidDeclaration(f"awsIotSqlVersion is {allowed}, not {version!r}")
        disabled = said.get("ruleDisabled", False)
        if not isinstance(disabled, bool):
            raise InvalidDeclaration(f"ruleDisabled is true or false, not {disabled!r}")
        error = said.get("errorAction")
        return cls(
            name,
            sql,
            [ActionDefinition.read(each) for each in actions],
            None if error is None else ActionDefinition.read(error),
            not disabled,
            version,
            str(said.get("description", "")),
            created_s=created_s,
        )

    def payload(self) -> dict[str, Any]:
        """The definition as the API writes it."""
        said: dict[str, Any] = {
            "sql": self.sql,
            "actions": [each.payload() for each in self.actions],
            "ruleDisabled": not self.enabled,
            "awsIotSqlVersion": self.sql_version,
        }
        if self.description:
            said["description"] = self.description
        if self.error_action is not None:
            said["errorAction"] = self.error_action.payload()
        return said

    def switched(self, *, enabled: bool) -> "Definition":
        """The same rule, running or not."""
        return replace(self, enabled=enabled)


def _of(declared: DeclaredAction) -> ActionDefinition:
    said = as_api({declared.kind: declared.parameters})
    ((kind, parameters),) = said.items()
    return ActionDefinition(kind, parameters, declared.where)
