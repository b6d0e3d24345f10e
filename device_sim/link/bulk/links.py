"""The shell: descriptors, one epoll, what could not be written yet.  Decides nothing about MQTT."""

import errno
import os
import select
import ssl
import time
from array import array
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from cloud_functions.contract.mqtt.errors import PeerError
from device_sim.firmware.batches import Incoming, Outbound
from device_sim.link.bulk import sockets
from device_sim.link.bulk.batch import Batch
from device_sim.link.bulk.calls import Calls
from device_sim.link.bulk.files import MOST, PART, MakeFiles, usual
from device_sim.link.bulk.sessions import Ended, Sessions, State
from device_sim.link.bulk.tls import Channel
from device_sim.link.bulk.wheel import Wheel
from device_sim.link.port import TOO_LONG, Caller, LinkCounts, LinkOptions, LinkRefused

TICK_S: Final = 0.02
"""How finely timers are told apart."""
_READ: Final = 16_384
"""Bytes read of a connection in one exchange."""
_READY: Final = 2048
"""Connections served in one exchange."""
_MANY: Final = 16
"""From so many on connections are served as columns; for fewer a loop is faster."""
_MOST_UNSENT: Final = 262_144
"""Bytes that a connection may owe a broker which does not read, before it falls silent itself."""
_PARTINGS: Final = 25
"""How often, a tick apart, a closing link tries to pay what it owes."""
_NO_FILE: Final = -1
_READABLE: Final = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
_WAITING, _UP = int(State.WAITING), int(State.UP)
_CUT, _SILENCED = 1, 2


class BulkLinks:
    """The connections of many robots on one loop; `epoll` makes the poll object.

    Raises LinkRefused for a broker or a source that cannot be, and when this process may not open
    enough files.
    """

    def __init__(
        self,
        callers: Sequence[Caller],
        options: LinkOptions,
        epoll: Callable[[], Any] = lambda: select.epoll(),  # noqa: PLW0108  gevent takes it away
        files: MakeFiles = usual,
    ) -> None:
        count = len(callers)
        if not options.urls:
            raise LinkRefused("no broker is named: mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")
        self._listeners = [sockets.Listener.of(url) for url in options.urls]
        if options.tls is None and any(each.broker.is_tls for each in self._listeners):
            raise LinkRefused("mqtts needs certificates (`tls`), and none are given")
        sockets.check_sources(options.sources)
        sockets.allow_files(count)
        self._callers = callers
        self._options = options
        self._sessions = Sessions(callers, options)
        self._calls = Calls(callers, options)
        self._poll = epoll()
        self._files = files()
        self._file = array("i", [_NO_FILE]) * count
        self._row = array("i")
        """Row by file."""
        self._sent_tick = array("i", [0]) * count
        self._away = bytearray(count)
        self._wheel = Wheel(count)
        self._unsent: dict[int, bytearray] = {}
        self._mute: set[int] = set()
        """Rows that say nothing more now: they are silenced, or owe their broker too much."""
        self._channels: dict[int, Channel] = {}
        self._stranded: dict[int, int] = {}
        """Files of silenced rows that have given their connection up."""
        self._began_s: float | None = None
        self.endings: dict[str, int] = {}
        """How often connections and attempts ended, by why."""

    @property
    def counts(self) -> LinkCounts:
        """What has happened so far."""
        return self._sessions.counts

    def exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        """Send, wait up to `timeout_s` for something to arrive, and return what did.

        One exchange never takes long: connects, reads and bytes of a read have a limit, and what
        is beyond it comes with the next one.
        """
        self._turn(now_s)
        if messages:
            self._write_all(self._sessions.say(messages, self._mute))
        self._call()
        self._listen(min(timeout_s, TICK_S) if self._awaits() else timeout_s)
        incoming, self._sessions.incoming = self._sessions.incoming, Incoming()
        return incoming

    def close(self) -> None:
        """Say the wills and goodbye on every connection that is up, and close all.

        A broker that reads slowly has half a second to hear them.
        """
        if self._poll.closed:
            return
        for row, file in enumerate(self._file):
            if file != _NO_FILE and self._sessions.state[row] == _UP and not self._away[row]:
                self._write(row, self._sessions.farewell(row))
        for _ in range(_PARTINGS):
            owing = [row for row in self._unsent if not self._away[row]]
            if not owing:
                break
            time.sleep(TICK_S)
            for row in owing:
                self._flush(row)
        for row, file in enumerate(self._file):
            if file != _NO_FILE:
                self._drop(row)
        for file in self._stranded.values():
            os.close(file)
        self._stranded.clear()
        self._files.close()
        self._poll.close()

    # ------------------------------------------------------------ what the network does

    def cut(self, rows: Sequence[int]) -> None:
        """Break the connections of rows at once, without goodbye, and keep them away."""
        for row in rows:
            self._away[row] = _CUT
            self._close_stranded(row)
            self._lose(row, "cut")
            self._wheel.clear(row)

    def silence(self, rows: Sequence[int]) -> None:
        """Let nothing of rows through in either direction while their sockets stay open.

        A robot that pings notices, and gives the connection up; its broker notices by itself.
        """
        for row in rows:
            if self._away[row]:
                continue
            self._away[row] = _SILENCED
            if self._file[row] == _NO_FILE:
                self._wheel.clear(row)
                continue
            self._mute.add(row)
            self._unsent.setdefault(row, bytearray())  # signs of life and answers wait here
            self._poll.unregister(self._file[row])

    def restore(self, rows: Sequence[int]) -> None:
        """Let rows that were cut or silenced connect and talk again."""
        for row in rows:
            if not self._away[row]:
                continue
            self._away[row] = 0
            self._close_stranded(row)
            if self._file[row] == _NO_FILE:
                self._postpone(row)
            else:
                self._poll.register(self._file[row], self._wanted(row))

    def _close_stranded(self, row: int) -> None:
        file = self._stranded.pop(row, None)
        if file is not None:
            os.close(file)

    # ------------------------------------------------------------ time

    def _turn(self, now_s: float) -> None:
        if self._began_s is None:
            self._began_s = now_s
            self._calls.line_up(range(len(self._callers)))
        for row in self._wheel.turn(int((now_s - self._began_s) / TICK_S)):
            state = self._sessions.state[row]
            if state == _UP:
                self._keep_alive(row)
            elif state != _WAITING:
                self._lose(row, TOO_LONG)
            else:
                self._calls.line_up((row,))

    def _keep_alive(self, row: int) -> None:
        """Ping a row that said nothing for its time; the next look is when it might be due."""
        span = int(self._sessions.keep_alive_s(row) / TICK_S)
        if not span:
            return
        quiet = self._wheel.tick - self._sent_tick[row]
        if quiet < span:
            self._wheel.set(row, self._sent_tick[row] + span)
            return
        try:
            self._write(row, self._sessions.ping(row))
        except Ended as end:
            self._lose(row, str(end))
        else:
            self._wheel.set(row, self._wheel.tick + span)

    def _awaits(self) -> bool:
        """Whether some row is on its way to its connection, so that the next tick matters."""
        return self.counts.connected < len(self._callers)

    # ------------------------------------------------------------ connecting

    def _call(self) -> None:
        for row in self._calls.take():
            if not self._away[row] and self._file[row] == _NO_FILE:
                self._open(row)

    def _open(self, row: int) -> None:
        listener = self._listeners[self._calls.listener(row)]
        sources = self._options.sources
        try:
            file = sockets.open_to(listener, sources[row % len(sources)] if sources else None)
        except OSError as error:
            self._note(row, f"no connection: {error.strerror}")
            self._postpone(row)
            return
        while file >= len(self._row):
            self._row.extend([_NO_FILE] * 256)
        self._file[row], self._row[file] = file, row
        self._calls.begun(row)
        self._poll.register(file, select.EPOLLIN)
        if listener.broker.is_tls:
            assert self._options.tls is not None
            context = self._options.tls(self._callers[row].thing)
            self._channels[row] = Channel(context, listener.broker.host)
        self._wheel.set(row, self._wheel.tick + int(self._options.answer_s / TICK_S))
        self._write(row, self._sessions.greet(row))

    def _postpone(self, row: int) -> None:
        wait_s = self._calls.pause_s(row)
        self._wheel.set(row, self._wheel.tick + 1 + int(wait_s / TICK_S))

    def _lose(self, row: int, why: str) -> None:
        """The connection is gone; the next attempt comes after a pause, unless it is kept away."""
        if self._file[row] == _NO_FILE:
            return  # it was lost already while something was written to it
        self._note(row, why)
        self._drop(row)
        self._sessions.lost(row)
        if not self._away[row]:
            self._postpone(row)

    def _drop(self, row: int) -> None:
        """Close the file of a row, or strand it where nothing gets through."""
        file = self._file[row]
        self._calls.over(row)
        self._file[row] = self._row[file] = _NO_FILE
        self._unsent.pop(row, None)
        self._mute.discard(row)
        self._channels.pop(row, None)
        self._wheel.clear(row)
        if self._away[row] == _SILENCED:
            self._stranded[row] = file
        else:
            os.close(file)

    def _note(self, row: int, why: str) -> None:
        """Count an ending, of which there are as many kinds as reasons; complain of an attempt."""
        self.endings[why] = self.endings.get(why, 0) + 1
        if self._sessions.state[row] != _UP:
            self.counts.complaint = f"{self._options.urls[self._calls.listener(row)]}: {why}"

    # ------------------------------------------------------------ bytes

    def _listen(self, timeout_s: float) -> None:
        row_of, files, state, channels = self._row, self._file, self._sessions.state, self._channels
        ready = self._poll.poll(timeout_s, _READY)
        together: list[int] = []
        is_many = len(ready) >= _MANY
        for file, events in ready:
            row = row_of[file]
            if row == _NO_FILE:
                continue  # it was lost in this very exchange
            if is_many and events == select.EPOLLIN and state[row] == _UP and row not in channels:
                together.append(file)
                continue
            if events & select.EPOLLOUT:
                self._flush(row)
            if events & _READABLE and files[row] == file:
                self._read(row, file)
        for first in range(0, len(together), MOST):
            self._read_all(together[first : first + MOST])

    def _read_all(self, files: Sequence[int]) -> None:
        """Read of many files at a time: acknowledgements as columns, the rest one by one."""
        file = np.array(files)
        rows = np.frombuffer(self._row, np.int32)[file].astype(np.int64)
        lines, sizes = self._files.receive(file)
        is_heard, more = self._sessions.hear_pubacks(rows, lines[: len(files)], sizes)
        for row, data in more:
            self._write(row, data)
        for place in np.flatnonzero(~is_heard).tolist():
            row, size = int(rows[place]), int(sizes[place])
            if size >= 0:
                self._take_in(row, lines[place, :size].tobytes())
            elif size != -errno.EAGAIN:
                self._lose(row, f"broken: {os.strerror(-size)}")
            if size == PART and self._file[row] == files[place]:
                self._read(row, files[place])

    def _read(self, row: int, file: int) -> None:
        try:
            data = os.read(file, _READ)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(row, f"broken: {error.strerror}")
            return
        self._take_in(row, data)

    def _take_in(self, row: int, data: bytes) -> None:
        """Hear what was read of a row, and answer; no bytes are the end."""
        sessions = self._sessions
        was_up = sessions.state[row] == _UP
        try:
            if not data:
                raise Ended("closed by the broker")
            if self._channels and row in self._channels:
                data, answer = self._channels[row].receive(data)
                self._write_raw(row, answer)
            answer = sessions.hear(row, data) if data else b""
        except Ended as end:
            self._lose(row, str(end))
        except ssl.SSLError as error:
            self._lose(row, f"TLS: {error.reason}")
        except PeerError as error:
            self._lose(row, f"breach of protocol by the broker: {error.reason.name}")
        else:
            if answer:
                self._write(row, answer)
            if not was_up and sessions.state[row] == _UP:  # and not lost by the answer
                self._came_up(row)

    def _came_up(self, row: int) -> None:
        self._calls.came_about(row)
        self._keep_alive(row)

    def _write_all(self, batch: Batch) -> None:
        """Write for many rows at a time; who owes already or speaks TLS is written to by itself."""
        is_apart = np.full(len(batch), len(batch) < _MANY or bool(self._channels))
        if self._unsent:
            is_apart |= np.isin(batch.rows, list(self._unsent))
        for row, data in batch.only(is_apart).each():
            self._write(row, data)
        together = batch.only(~is_apart & (batch.sizes > 0))
        if not len(together):
            return
        np.frombuffer(self._sent_tick, np.int32)[together.rows] = self._wheel.tick
        file = np.frombuffer(self._file, np.int32)[together.rows].astype(np.int64)
        took = self._files.send(file, batch.data, together.starts, together.sizes)
        is_short = took < together.sizes
        short = together.only(is_short)
        for (row, data), sent in zip(short.each(), took[is_short].tolist(), strict=True):
            if sent < 0 and sent != -errno.EAGAIN:
                self._lose(row, f"broken: {os.strerror(-sent)}")
            else:
                self._unsent[row] = bytearray()
                self._owe(row, data[max(sent, 0) :])

    def _write(self, row: int, data: bytes) -> None:
        """Write what the socket takes, and the rest when it takes more."""
        if self._channels and row in self._channels:
            data = self._channels[row].send(data)
        self._write_raw(row, data)

    def _write_raw(self, row: int, data: bytes) -> None:
        if not data:
            return
        self._sent_tick[row] = self._wheel.tick
        if self._unsent and row in self._unsent:
            self._owe(row, data)
            return
        try:
            sent = os.write(self._file[row], data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(row, f"broken: {error.strerror}")
            return
        if sent < len(data):
            self._unsent[row] = bytearray()
            self._owe(row, data[sent:])

    def _owe(self, row: int, data: bytes) -> None:
        """Keep bytes for later; who owes too much says and hears nothing more until it is paid."""
        self._unsent[row] += data
        if not self._away[row]:
            self._poll.modify(self._file[row], self._wanted(row))

    def _wanted(self, row: int) -> int:
        """What a row waits for at its socket."""
        if len(self._unsent.get(row, b"")) > _MOST_UNSENT:
            self._mute.add(row)
            return select.EPOLLOUT
        self._mute.discard(row)
        return select.EPOLLIN | select.EPOLLOUT if row in self._unsent else select.EPOLLIN

    def _flush(self, row: int) -> None:
        unsent = self._unsent.get(row)
        if unsent is None:
            return
        try:
            del unsent[: os.write(self._file[row], unsent) if unsent else 0]
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(row, f"broken: {error.strerror}")
            return
        if not unsent:
            del self._unsent[row]
        self._poll.modify(self._file[row], self._wanted(row))
