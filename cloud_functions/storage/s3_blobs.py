"""Blobs in S3."""

from typing import Any


class S3Blobs:
    """An adapter of `ports.BlobStore`; `client` is boto3's `s3` client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> None:
        """Store under the name, replacing what was there; durable on return."""
        self._client.put_object(Bucket=self._bucket, Key=name, Body=data, ContentType=content_type)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=name)
        except self._client.exceptions.NoSuchKey:
            return None
        return bytes(answer["Body"].read())

    def delete(self, name: str) -> bool:
        """Remove it; whether it was there."""
        there = self.get(name) is not None
        self._client.delete_object(Bucket=self._bucket, Key=name)
        return there
