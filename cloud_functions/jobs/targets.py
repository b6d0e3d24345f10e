"""Which things the targets of a job stand for."""

import re
from collections.abc import Sequence
from typing import Final

from cloud_functions.jobs.errors import InvalidRequest, LimitExceeded, NotFound
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.jobs.ports import Targets

_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:iot:[a-z0-9-]+:\d{12}:(thing|thinggroup)/([a-zA-Z0-9:_-]{1,128})\Z"
)
_THING: Final = "thing"


def check_targets(arns: Sequence[str], targets: Targets, limits: JobLimits) -> None:
    """Every target is the ARN of something that exists.  Raises JobsError."""
    if len(arns) > limits.targets:
        raise LimitExceeded(f"a job has at most {limits.targets} targets")
    for arn in arns:
        kind, name = parse(arn)
        if kind == _THING:
            if not targets.has_thing(name):
                raise NotFound(f"Thing {name} does not exist")
        elif targets.things_of_group(name) is None:
            raise NotFound(f"Thing group {name} does not exist")


def parse(arn: str) -> tuple[str, str]:
    """Kind (`thing` or `thinggroup`) and name.  Raises InvalidRequest."""
    found = _ARN.match(arn)
    if found is None:
        raise InvalidRequest(
            f"{arn!r} is no target: arn:aws:iot:REGION:ACCOUNT:thing/NAME or :thinggroup/NAME"
        )
    return found.group(1), found.group(2)


def members(arns: Sequence[str], targets: Targets) -> Sequence[str]:
    """The things behind the targets, each once; what is gone stands for none."""
    found: dict[str, None] = {}
    for arn in arns:
        kind, name = parse(arn)
        if kind != _THING:
            found.update(dict.fromkeys(targets.things_of_group(name) or ()))
        elif targets.has_thing(name):
            found[name] = None
    return list(found)
