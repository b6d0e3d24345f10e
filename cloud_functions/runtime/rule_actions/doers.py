"""Everything the actions of a template's rules write to, and who does which deed."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cloud_functions.ports import Clock
from cloud_functions.queues.spec import queue_name
from cloud_functions.rules.deeds import (
    ChangeItem,
    PostHttp,
    PublishToTopic,
    PutItem,
    PutLog,
    PutMetric,
    PutObject,
    SendMessage,
)
from cloud_functions.rules.destination import DestinationStore
from cloud_functions.runtime.action_runner import Doer, Rest
from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.runtime.fanout.topics import Topics
from cloud_functions.runtime.functions.functions import Functions
from cloud_functions.runtime.group_writer import GroupWriter
from cloud_functions.runtime.http_posts.batches import Batches
from cloud_functions.runtime.http_posts.destinations import Destinations
from cloud_functions.runtime.http_posts.poster import HttpPoster
from cloud_functions.runtime.queues.poller import Poller
from cloud_functions.runtime.queues.queues import Queues
from cloud_functions.runtime.rule_actions.items import ItemWriter
from cloud_functions.runtime.rule_actions.logs import LogWriter
from cloud_functions.runtime.rule_actions.metrics import RuleMetrics
from cloud_functions.runtime.rule_actions.objects import ObjectWriter
from cloud_functions.runtime.template.declaration import Declaration
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.sqlite_table import SqliteTables

_CA: Final = "ca.pem"


class Doers:
    """The stores of one cloud; `by_deed` says who does what."""

    def __init__(
        self,
        declaration: Declaration,
        directory: DataDirectory,
        *,
        functions: Functions,
        destinations: DestinationStore,
        http: str,
        clock: Clock = time.time,
    ) -> None:
        self.metrics = RuleMetrics()
        self.queues = Queues(declaration.queues, directory.queues, clock=clock)
        self._poster = HttpPoster(directory.pki / _CA)
        self.destinations = Destinations(destinations, self._poster, http, clock)
        self._batches = Batches(self._poster)
        self._topics = Topics(
            declaration.topics,
            declaration.subscribers,
            submit=functions.submit,
            queues=self.queues,
            poster=self._poster,
            destinations=self.destinations,
            clock=clock,
        )
        self._asked_for = declaration.destinations
        self._pollers = [
            Poller(source, self.queues, functions.invoke) for source in declaration.queue_sources
        ]
        self._tables = SqliteTables(directory.tables)
        tables = {name: self._tables.table(name) for name in declaration.tables}
        buckets = {name: FileBlobs(directory.blobs / name) for name in declaration.buckets}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rule-actions")
        self._items = GroupWriter(ItemWriter(declaration.tables, tables).write, self._thread)
        self._objects = GroupWriter(ObjectWriter(buckets).write, self._thread)
        self._logs = GroupWriter(LogWriter(directory.logs).write, self._thread)

    @property
    def by_deed(self) -> Mapping[type, Doer]:
        """Who does which kind of deed."""
        return {
            PutItem: self._put_item,
            ChangeItem: self._put_item,
            PutObject: self._put_object,
            SendMessage: self._send,
            PublishToTopic: self._publish,
            PostHttp: self._post,
            PutMetric: self._count,
            PutLog: self._log,
        }

    def start(self) -> None:
        """Feed functions from queues, and ask addresses to confirm; HTTP serves already."""
        for url in self._asked_for:
            self.destinations.ensure(url)
        self._topics.subscribe()
        for poller in self._pollers:
            poller.start()

    async def stop_feeding(self) -> None:
        """Take nothing more from queues; before the functions are stopped."""
        for poller in self._pollers:
            await poller.stop()

    async def close(self) -> None:
        """Finish what waits, and let the files go."""
        await self.destinations.close()
        for writer in (self._items, self._objects, self._logs):
            await writer.close()
        await self.queues.close()
        await self._poster.close()
        self._thread.shutdown()
        self._tables.close()

    # ------------------------------------------------------------ a kind of deed each

    async def _put_item(self, deed: PutItem | ChangeItem, _rule: str) -> None:
        await self._items.add(deed)

    async def _put_object(self, deed: PutObject, _rule: str) -> None:
        await self._objects.add(deed)

    async def _log(self, deed: PutLog, _rule: str) -> None:
        await self._logs.add(deed)

    async def _count(self, deed: PutMetric, _rule: str) -> None:
        self.metrics.count(deed)

    async def _send(self, deed: SendMessage, _rule: str) -> None:
        await self.queues.send(queue_name(deed.queue_url), deed.body)

    async def _publish(self, deed: PublishToTopic, _rule: str) -> Rest:
        return await self._topics.publish(deed)

    async def _post(self, deed: PostHttp, rule: str) -> None:
        self.destinations.demand(deed.url)
        if deed.batch is None:
            await self._poster.post(deed.url, deed.body, deed.content_type, deed.headers)
        else:
            await self._batches.post(deed, deed.batch, rule)
