"""The limits of a run: AWS's own, but for those that `--quota NAME=VALUE` sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.shadow.request import ShadowLimits

SHADOW: Final = "shadow_"
_SWITCHES: Final = {"on": True, "true": True, "off": False, "false": False}


@dataclass(frozen=True, slots=True)
class Quotas:
    """The limits of the built-in broker, and of shadows (named `shadow_...`)."""

    gateway: GatewayLimits = field(default_factory=GatewayLimits)
    shadow: ShadowLimits = field(default_factory=ShadowLimits)


def read_quotas(given: Sequence[str]) -> Quotas:
    """The limits with those that are given as NAME=VALUE.  Raises InvalidDeclaration."""
    kinds = {**_kinds("", GatewayLimits), **_kinds(SHADOW, ShadowLimits)}
    gateway: dict[str, Any] = {}
    shadow: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise InvalidDeclaration(f"--quota is NAME=VALUE, not {text!r}")
        if name not in kinds:
            raise InvalidDeclaration(
                f"--quota: there is no {name!r}; there are {', '.join(sorted(kinds))}"
            )
        number = _read(name, value, kinds[name])
        if name.startswith(SHADOW):
            shadow[name.removeprefix(SHADOW)] = number
        else:
            gateway[name] = number
    return Quotas(GatewayLimits(**gateway), ShadowLimits(**shadow))


def _kinds(prefix: str, limits: Any) -> Mapping[str, type]:
    return {prefix + each.name: type(each.default) for each in fields(limits)}


def _read(name: str, value: str, kind: type) -> Any:
    if kind is bool:
        if value not in _SWITCHES:
            raise InvalidDeclaration(f"--quota {name} is on or off, not {value!r}")
        return _SWITCHES[value]
    try:
        number = kind(value)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        word = "whole number" if kind is int else "number"
        raise InvalidDeclaration(f"--quota {name} is a {word} from 0, not {value!r}")
    return number
