"""All of AWS's APIs on one port: which route is answered by which part of the cloud."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute

from cloud_functions.jobs.control.templates import Templates
from cloud_functions.registry.authority import Authority
from cloud_functions.rules.topic_rules import TopicRules
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_services import DeviceServices
from cloud_functions.runtime.http import signed_links
from cloud_functions.runtime.http.aws import (
    commands,
    connections,
    control_plane,
    data_plane,
    destinations,
    event_configurations,
    fleet_index,
    jobs,
    jobs_data,
    messages,
    provisioning,
    retained,
    topic_rules,
)
from cloud_functions.runtime.http.aws.endpoints import addresses
from cloud_functions.runtime.http.aws.not_offered import NotOffered
from cloud_functions.runtime.http.aws.signed_route import SignedRoutes
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.runtime.stores import Stores


@dataclass(frozen=True, slots=True)
class AwsParts:
    """What AWS's APIs are answered from; `gateway` None where the broker is not ours."""

    services: DeviceServices
    core: MessageCore
    stores: Stores
    authority: Authority
    gateway: DeviceGateway | None
    limits: GatewayLimits
    rules: TopicRules
    destinations: Destinations
    functions: Collection[str]
    data: str
    http: str


def aws_routes(parts: AwsParts) -> Sequence[BaseRoute]:
    """The routes; among those that unsigned requests may take, the first one wins."""
    services, core, gateway = parts.services, parts.core, parts.gateway
    blobs = parts.stores.blobs
    signed = SignedRoutes(
        [
            *data_plane.routes(services.shadows, core, time.time),
            *messages.routes(core.inject, parts.limits),
            *retained.routes(gateway.retained if gateway else None),
            *connections.routes(gateway.desk if gateway else None, parts.limits),
            *control_plane.routes(
                services.registrar, parts.authority, addresses(parts.data, parts.http)
            ),
            *commands.routes(),
            *jobs_data.routes(services.jobs, core, time.time),
            *jobs.routes(services.jobs, core, blobs, Templates(parts.stores.cell), time.time),
            *event_configurations.routes(services.switches, time.time),
            *provisioning.routes(
                services.provisioning, core, parts.authority, parts.functions, time.time
            ),
            *fleet_index.routes(services.index, core, services.registrar),
            *topic_rules.routes(parts.rules),
            *destinations.routes(parts.destinations),
        ]
    )
    links = signed_links.routes(services.links, blobs, time.time)
    return [signed, *links, NotOffered(signed)]
