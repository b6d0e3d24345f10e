"""Joins the services with the adapters this process should use: files here, AWS there."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cloud_functions.accounts.service import Accounts
from cloud_functions.messaging.http_client import HttpClient
from cloud_functions.messaging.http_cloud import HttpPhones, HttpShadows, HttpThings
from cloud_functions.missions.service import Missions
from cloud_functions.notifications.alerts import Alerts
from cloud_functions.notifications.live import Live
from cloud_functions.ports import BlobStore, Phones, RobotQuery, Shadows, Table, Things
from cloud_functions.robots.service import Robots
from cloud_functions.settings import Settings
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.sqlite_table import SqliteTables


@dataclass(frozen=True, slots=True)
class Cloud:
    """What a handler may use."""

    accounts: Accounts
    robots: Robots
    missions: Missions
    alerts: Alerts
    live: Live
    verify: Callable[[str], str]
    """The account behind a bearer token.  Raises Unauthorized."""
    clock: Callable[[], float]


def cloud(settings: Settings) -> Cloud:
    """The cloud for these settings."""
    table, blobs = _stores(settings)
    shadows, things, phones = _reach(settings)
    return assemble(
        table=table,
        blobs=blobs,
        shadows=shadows,
        things=things,
        phones=phones,
        verify=_verifier(settings),
    )


def assemble(
    *,
    table: Table,
    blobs: BlobStore,
    shadows: Shadows,
    things: Things,
    phones: Phones,
    verify: Callable[[str], str],
    clock: Callable[[], float] = time.time,
) -> Cloud:
    """The services over any adapters."""
    accounts = Accounts(table)
    return Cloud(
        accounts=accounts,
        robots=Robots(table, shadows, things, accounts, clock, read_query=_read_query),
        missions=Missions(table, blobs),
        alerts=Alerts(table),
        live=Live(table, accounts, phones),
        verify=verify,
        clock=clock,
    )


def _read_query(text: str) -> RobotQuery:
    from cloud_functions.fleet_index import robot_query  # noqa: PLC0415  only searches need it

    return robot_query.RobotQuery(text)


def _stores(settings: Settings) -> tuple[Table, BlobStore]:
    if settings.tables is not None and settings.blobs is not None:
        table = SqliteTables(settings.tables).table(settings.table_name)
        return table, FileBlobs(settings.blobs / settings.bucket_name)
    from cloud_functions.storage.aws import stores  # noqa: PLC0415  boto3 costs 150 ms

    return stores(settings.table_name, settings.bucket_name)


def _reach(settings: Settings) -> tuple[Shadows, Things, Phones]:
    if settings.data_plane:
        shadows = HttpShadows(HttpClient(settings.data_plane, settings.credentials, "iotdata"))
        things = HttpThings(HttpClient(settings.data_plane, settings.credentials, "iot"))
        return shadows, things, HttpPhones(HttpClient(settings.sockets))
    from cloud_functions.messaging.aws_cloud import reach  # noqa: PLC0415  boto3 costs 150 ms

    return reach(settings.sockets)


def _verifier(settings: Settings) -> Callable[[str], str]:
    def verify(token: str) -> str:
        from cloud_functions.accounts.tokens import subject  # noqa: PLC0415  only sockets need it

        return subject(token, settings.issuer, settings.audience, time.time())

    return verify
