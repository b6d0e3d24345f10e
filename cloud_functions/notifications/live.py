"""Phones that watch, and what they are told."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.accounts.service import Accounts
from cloud_functions.contract import api
from cloud_functions.ports import Delete, Phones, Put, Table

_CONNECTION: Final = "connection#"
_ACCOUNT: Final = "account"
MAX_CONNECTIONS: Final = 20
"""Phones of one account that are told; more are connected and stay silent."""


class Live:
    """WebSocket connections by account."""

    def __init__(self, table: Table, accounts: Accounts, phones: Phones) -> None:
        self._table = table
        self._accounts = accounts
        self._phones = phones

    def opened(self, connection_id: str, account: str, now_s: float) -> None:
        """A phone has connected."""
        self._table.write(
            [
                Put((f"{_CONNECTION}{connection_id}", _ACCOUNT), {"account": account}),
                Put((f"account#{account}", f"{_CONNECTION}{connection_id}"), {"at": now_s}),
            ]
        )

    def closed(self, connection_id: str) -> None:
        """A phone has gone."""
        key = (f"{_CONNECTION}{connection_id}", _ACCOUNT)
        found = self._table.get(key)
        if found is not None:
            account = found.item["account"]
            other = (f"account#{account}", f"{_CONNECTION}{connection_id}")
            self._table.write([Delete(key), Delete(other)])

    def announce(self, event: Mapping[str, Any], now_s: float) -> int:
        """Tell the phones of a robot's owner; how many were told."""
        account = self._accounts.owner_of(str(event["thing"]))
        if account is None:
            return 0
        found = self._table.query(f"account#{account}", prefix=_CONNECTION, limit=MAX_CONNECTIONS)
        if not found:
            return 0
        message = api.LiveMessage(
            type=event["type"],
            thing=event["thing"],
            time=float(event.get("at", now_s * 1000)) / 1000,
            client_token=event.get("clientToken"),
            body=event.get("body") or {},
        )
        data = message.model_dump_json(by_alias=True, exclude_none=True).encode()
        told = 0
        for stored in found:
            connection_id = stored.key[1].removeprefix(_CONNECTION)
            if self._phones.post(connection_id, data):
                told += 1
            else:
                self.closed(connection_id)
        return told
