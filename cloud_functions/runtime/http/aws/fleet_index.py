"""AWS's `iot` over HTTP: fleet indexing, its searches and sums, dynamic thing groups."""

import base64
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.fleet_index.configuration import (
    DEFAULT_AGGREGATED,
    DEFAULT_BUCKETS,
    DEFAULT_PERCENTS,
    INDEX_NAME,
    MAX_BUCKETS,
    QUERY_VERSION,
    read_configuration,
)
from cloud_functions.fleet_index.errors import InvalidIndexing, TooManyGroups
from cloud_functions.fleet_index.parser import MAX_GROUP_TERMS, parse
from cloud_functions.fleet_index.service import FleetIndex, IndexStatus
from cloud_functions.registry import tags, thing_groups
from cloud_functions.registry.thing_groups import Query
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.http.aws.thing_groups import properties_of
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.runtime.registrar import Registrar

_MAX_PAGE: Final = 500
_DEFAULT_PAGE: Final = 100
_MAX_DYNAMIC_GROUPS: Final = 100


def routes(index: FleetIndex, core: MessageCore, registrar: Registrar) -> list[SignedRoute]:
    """The routes of fleet indexing."""

    async def update_configuration(asked: Asked) -> dict[str, Any]:
        wanted = read_configuration(asked.members)
        if wanted is not None:
            await core.apply(index, index.configure(wanted))
        return {}

    async def get_configuration(_asked: Asked) -> dict[str, Any]:
        return index.configuration.described()

    async def describe(asked: Asked) -> dict[str, Any]:
        index.check_name(asked.needed("indexName"))
        return {
            "indexName": INDEX_NAME,
            "indexStatus": index.status,
            "schema": index.configuration.schema(),
        }

    async def list_indices(_asked: Asked) -> dict[str, Any]:
        return {"indexNames": [] if index.status is IndexStatus.OFF else [INDEX_NAME]}

    async def search(asked: Asked) -> dict[str, Any]:
        query = _query(asked)
        size = asked.number("maxResults") or _DEFAULT_PAGE
        if not 1 <= size <= _MAX_PAGE:
            raise InvalidAwsRequest(f"maxResults is 1 to {_MAX_PAGE}, not {size}")
        found = index.search(query, size, _row_in(asked.text("nextToken")))
        said: dict[str, Any] = {"things": list(found.things)}
        return said | ({} if found.next_row is None else {"nextToken": _token(found.next_row)})

    async def statistics(asked: Asked) -> dict[str, Any]:
        return {"statistics": index.statistics_of(_query(asked), _field(asked))}

    async def cardinality(asked: Asked) -> dict[str, Any]:
        return {"cardinality": index.cardinality_of(_query(asked), _field(asked))}

    async def percentiles(asked: Asked) -> dict[str, Any]:
        percents = asked.members.get("percents") or list(DEFAULT_PERCENTS)
        if not isinstance(percents, list):
            raise InvalidAwsRequest("percents is a list of numbers")
        return {"percentiles": index.percentiles_of(_query(asked), _field(asked), percents)}

    async def buckets(asked: Asked) -> dict[str, Any]:
        wanted = asked.object("bucketsAggregationType")
        if not wanted.has("termsAggregation"):
            raise InvalidAwsRequest("bucketsAggregationType needs termsAggregation")
        most = wanted.object("termsAggregation").number("maxBuckets")
        most = DEFAULT_BUCKETS if most is None else most
        if not 1 <= most <= MAX_BUCKETS:
            raise InvalidAwsRequest(f"maxBuckets is 1 to {MAX_BUCKETS}, not {most}")
        total, found = index.buckets_of(_query(asked), asked.needed("aggregationField"), most)
        return {"totalCount": total, "buckets": found}

    async def connectivity(asked: Asked) -> dict[str, Any]:
        thing = asked.needed("thingName")
        said = index.connectivity_of(thing).described()
        if "timestamp" in said:
            said["timestamp"] /= 1000  # this answer alone has a date, not milliseconds
        return {"thingName": thing, **said}

    async def create_group(asked: Asked) -> dict[str, Any]:
        query = Query(_group_query(asked), *_index_and_version(asked))
        index.check_name(query.index)
        return await registrar.run(lambda change: _create_group(change, asked, query))

    async def update_group(asked: Asked) -> dict[str, Any]:
        version, expected = _index_and_version(asked), asked.number("expectedVersion")
        query = Query(_group_query(asked), *version) if asked.has("queryString") else None
        name = asked.needed("thingGroupName")
        changed = await registrar.run(
            lambda change: thing_groups.update(change, name, properties_of(asked), expected, query)
        )
        return {"version": changed.version}

    async def delete_group(asked: Asked) -> dict[str, Any]:
        name, expected = asked.needed("thingGroupName"), asked.number("expectedVersion")
        await registrar.run(
            lambda change: thing_groups.delete(change, name, expected, is_dynamic=True)
        )
        return {}

    group = "/dynamic-thing-groups/{thingGroupName}"
    operations = (
        ("POST", "/indexing/config", update_configuration),
        ("GET", "/indexing/config", get_configuration),
        ("GET", "/indices/{indexName}", describe),
        ("GET", "/indices", list_indices),
        ("POST", "/indices/search", search),
        ("POST", "/indices/statistics", statistics),
        ("POST", "/indices/cardinality", cardinality),
        ("POST", "/indices/percentiles", percentiles),
        ("POST", "/indices/buckets", buckets),
        ("POST", "/things/{thingName}/connectivity-data", connectivity),
        ("POST", group, create_group),
        ("PATCH", group, update_group),
        ("DELETE", group, delete_group),
    )
    return [_route(*operation) for operation in operations]


def _route(method: str, path: str, work: Any) -> SignedRoute:
    async def handle(request: Request) -> Response:
        return answer(await work(await Asked.read(request)))

    return SignedRoute(CONTROL_PLANE, method, path, handle, unsigned=False)


def _create_group(change: Transaction, asked: Asked, query: Query) -> dict[str, Any]:
    name = asked.needed("thingGroupName")
    is_new = change.store.thing_groups.get(name) is None
    if is_new and _dynamic_groups(change) >= _MAX_DYNAMIC_GROUPS:
        raise TooManyGroups(f"an account has at most {_MAX_DYNAMIC_GROUPS} dynamic groups")
    made = thing_groups.create(change, name, properties_of(asked), query=query)
    tags.put(change, made.arn, tags.checked(asked.objects("tags")))
    return {
        "thingGroupName": made.name,
        "thingGroupArn": made.arn,
        "thingGroupId": made.group_id,
        "indexName": query.index,
        "queryString": query.text,
        "queryVersion": query.version,
    }


def _dynamic_groups(change: Transaction) -> int:
    return sum(group.query is not None for group in change.store.thing_groups.find())


def _query(asked: Asked) -> str:
    _index_and_version(asked)
    query = asked.text("queryString")
    if not query:
        raise InvalidAwsRequest("queryString is missing")
    return query


def _group_query(asked: Asked) -> str:
    query = _query(asked)
    parse(query, max_terms=MAX_GROUP_TERMS)
    return query


def _index_and_version(asked: Asked) -> tuple[str, str]:
    name, version = asked.text("indexName", INDEX_NAME), asked.text("queryVersion", QUERY_VERSION)
    if name != INDEX_NAME:
        raise InvalidIndexing(f"indexName is {INDEX_NAME}, not {name}")
    if version != QUERY_VERSION:
        raise InvalidIndexing(f"queryVersion is {QUERY_VERSION}, not {version}")
    return name, version


def _field(asked: Asked) -> str:
    return asked.text("aggregationField", DEFAULT_AGGREGATED)


def _token(row: int) -> str:
    return base64.b64encode(json.dumps([row]).encode()).decode()


def _row_in(token: str) -> int:
    if not token:
        return -1
    try:
        (row,) = json.loads(base64.b64decode(token, validate=True))
    except (ValueError, TypeError):
        row = None
    if not isinstance(row, int) or isinstance(row, bool) or row < 0:
        raise InvalidAwsRequest("nextToken is none that a search has given")
    return row
