"""The smallest pieces of a packet: integers, texts, binary data (MQTT 5, section 1.5)."""

from typing import Final

from cloud_functions.contract.mqtt.errors import OurError, PeerError

MAX_VARINT: Final = 268_435_455
_MAX_SHORT: Final = 65_535
_CONTINUES: Final = 0x80
_VARINT_BYTES: Final = 4


class Reader:
    """Reads forward through the bytes of one packet and never past its end."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self._position = start
        self._end = len(data) if end is None else end

    def __bool__(self) -> bool:
        """Whether bytes are left."""
        return self._position < self._end

    def _take(self, count: int) -> int:
        """Move on by `count` bytes; where they began."""
        start = self._position
        if start + count > self._end:
            raise PeerError("MQTT-1.5", "the packet ends inside a field")
        self._position = start + count
        return start

    def byte(self) -> int:
        """One byte."""
        return self._data[self._take(1)]

    def two(self) -> int:
        """A two byte integer."""
        start = self._take(2)
        return self._data[start] << 8 | self._data[start + 1]

    def four(self) -> int:
        """A four byte integer."""
        start = self._take(4)
        return int.from_bytes(self._data[start : start + 4], "big")

    def varint(self) -> int:
        """A variable byte integer of at most four bytes, in its shortest form."""
        value = 0
        for index in range(_VARINT_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if not byte & _CONTINUES:
                if index and not byte:
                    raise PeerError("MQTT-1.5.5-1", "a length is not in its shortest form")
                return value
        raise PeerError("MQTT-1.5.5", "a length has more than four bytes")

    def binary(self) -> bytes:
        """Data behind a two byte length."""
        length = self.two()
        start = self._take(length)
        return self._data[start : start + length]

    def text(self) -> str:
        """UTF-8 text behind a two byte length."""
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            raise PeerError("MQTT-1.5.4-1", "a text is not UTF-8") from None
        if "\0" in text:
            raise PeerError("MQTT-1.5.4-2", "a text holds the null character")
        return text

    def rest(self) -> bytes:
        """Everything that is left."""
        start = self._position
        self._position = self._end
        return self._data[start : self._end]

    def slice(self, length: int) -> "Reader":
        """A reader over the next `length` bytes; this one moves on behind them."""
        start = self._take(length)
        return Reader(self._data, start, start + length)


def encode_varint(value: int) -> bytes:
    """A variable byte integer."""
    if not 0 <= value <= MAX_VARINT:
        raise OurError("MQTT-1.5.5", f"{value} does not fit into four bytes of length")
    out = bytearray()
    while True:
        value, byte = value >> 7, value & 0x7F
        out.append(byte | (_CONTINUES if value else 0))
        if not value:
            return bytes(out)


def encode_binary(data: bytes) -> bytes:
    """Data behind a two byte length."""
    if len(data) > _MAX_SHORT:
        raise OurError("MQTT-1.5.6", f"{len(data)} bytes are more than {_MAX_SHORT}")
    return len(data).to_bytes(2, "big") + data


def encode_text(text: str) -> bytes:
    """UTF-8 text behind a two byte length."""
    if "\0" in text:
        raise OurError("MQTT-1.5.4-2", "a text may not hold the null character")
    try:
        return encode_binary(text.encode())
    except UnicodeEncodeError:
        raise OurError("MQTT-1.5.4-1", "a text is not UTF-8") from None
