"""How often rules may republish what comes of one message.

AWS leaves it to the user whether rules go round in circles, and sends the bill.  Here a circle
would take the whole computer, so messages carry how far they are from the one a client sent, and
too far is a failure of the action.  A message that is republished to many topics at once counts
for more than one step, or a circle that doubles would have billions of messages before its end.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cloud_functions.contract.topics import THINGS_PREFIX
from cloud_functions.ports import Message

MAX_REPUBLISHED: Final = 32
"""Steps from a client's message to the last that rules make of it."""


def steps(parents: Sequence[Message]) -> list[float]:
    """For each message that is republished now, given its parent: how far it is.

    Of n with one parent each counts 1 + 2 log2(n) steps: a circle that doubles ends after ten
    rounds and some two thousand messages.
    """
    widths = Counter(map(id, parents))
    return [each.republished + 1 + 2 * math.log2(widths[id(each)]) for each in parents]


def inherited(made: Iterable[Message], batch: Iterable[Message]) -> list[Message]:
    """What services said because of a batch, as far away as what was said to them.

    A rule may go round through a shadow: what is said of a thing counts as what was asked of it.
    """
    furthest = _by_thing(batch)
    if not furthest:
        return list(made)
    return [
        each._replace(republished=furthest[thing])
        if (thing := _thing(each.topic)) in furthest
        else each
        for each in made
    ]


def _by_thing(batch: Iterable[Message]) -> Mapping[str, float]:
    furthest: dict[str, float] = {}
    for each in batch:
        if each.republished and (thing := _thing(each.topic)):
            furthest[thing] = max(each.republished, furthest.get(thing, 0.0))
    return furthest


def _thing(topic: str) -> str:
    """The thing of a reserved topic, empty for any other."""
    return topic.split("/", 3)[2] if topic.startswith(THINGS_PREFIX) else ""
