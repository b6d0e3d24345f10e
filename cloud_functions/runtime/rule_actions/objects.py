"""Objects that rules write into buckets."""

from collections.abc import Mapping, Sequence

from cloud_functions.errors import NotFound
from cloud_functions.ports import BlobStore
from cloud_functions.rules.deeds import PutObject


class ObjectWriter:
    """Writes objects one by one: each is durable by itself."""

    def __init__(self, buckets: Mapping[str, BlobStore]) -> None:
        self._buckets = buckets

    def write(self, deeds: Sequence[PutObject]) -> None:
        """Store them.  Raises NotFound, InvalidRequest."""
        for deed in deeds:
            bucket = self._buckets.get(deed.bucket)
            if bucket is None:
                known = ", ".join(self._buckets) or "none"
                raise NotFound(f"there is no bucket {deed.bucket}; there are {known}")
            bucket.put(deed.key, deed.data, deed.content_type)
