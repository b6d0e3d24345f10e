"""Which links there are, by the names a command line gives them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from device_sim.link.no_link import NoLinks
from device_sim.link.port import Caller, LinkOptions, LinkRefused, Links

MakeLinks: TypeAlias = Callable[[Sequence[Caller], LinkOptions], Links]


class LinkKind(StrEnum):
    """How robots connect."""

    AIOMQTT = "aiomqtt"
    AWSIOTSDK = "awsiotsdk"
    BULK = "bulk"
    NONE = "none"


USUAL: Final = LinkKind.BULK if sys.platform == "linux" else LinkKind.AIOMQTT
"""Where nobody says which: epoll is Linux only."""


def make_links(kind: LinkKind, callers: Sequence[Caller], options: LinkOptions) -> Links:
    """The connections of some robots.  Raises LinkRefused."""
    return _MAKERS[kind](callers, options)


def _aiomqtt(callers: Sequence[Caller], options: LinkOptions) -> Links:
    from device_sim.link.aiomqtt_link import AiomqttLinks  # noqa: PLC0415  only who asks pays

    return AiomqttLinks(callers, options)


def _awsiotsdk(callers: Sequence[Caller], options: LinkOptions) -> Links:
    try:
        from device_sim.link.awsiotsdk_link import AwsIotLinks  # noqa: PLC0415  an extra
    except ModuleNotFoundError as error:
        raise LinkRefused(
            f"the link awsiotsdk needs {error.name}, which is not installed:"
            " pip install 'robofleet[aws]'"
        ) from None
    return AwsIotLinks(callers, options)


def _bulk(callers: Sequence[Caller], options: LinkOptions) -> Links:
    from device_sim.link.bulk.links import BulkLinks  # noqa: PLC0415  epoll is Linux only

    return BulkLinks(callers, options)


def _none(callers: Sequence[Caller], options: LinkOptions) -> Links:  # noqa: ARG001
    return NoLinks()


_MAKERS: Final[Mapping[LinkKind, MakeLinks]] = {
    LinkKind.AIOMQTT: _aiomqtt,
    LinkKind.AWSIOTSDK: _awsiotsdk,
    LinkKind.BULK: _bulk,
    LinkKind.NONE: _none,
}
