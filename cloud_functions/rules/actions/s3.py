"""The action `s3`: the result as an object of a bucket."""

from dataclasses import dataclass
from typing import ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_bytes, is_json
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, PutObject
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_ACLS: Final = (
    *("private", "public-read", "public-read-write", "aws-exec-read", "authenticated-read"),
    *("bucket-owner-read", "bucket-owner-full-control", "log-delivery-write"),
)
_MAX_KEY_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class S3Action:
    """One object a message; a key without template is written again and again."""

    action: ClassVar[str] = PutObject.action
    bucket: Template
    key: Template

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """An object; refused where its key renders to nothing or to too much."""
        bucket, key = self.bucket.render(context), self.key.render(context)
        if not 0 < len(key.encode()) <= _MAX_KEY_BYTES:
            reason = f"a key has 1 to {_MAX_KEY_BYTES} bytes, not {len(key.encode())}"
            return Failed(PutObject.action, bucket, reason)
        kind = "application/json" if is_json(result) else "application/octet-stream"
        return PutObject(bucket, key, as_bytes(result), kind)


def read(action: str, given: object) -> S3Action:
    """The action as declared; who may read the object is of no meaning here."""
    said = Parameters(action, given, ("bucketName", "key", "cannedAcl"))
    if said.has("cannedAcl") and "${" not in said.text("cannedAcl"):
        said.word("cannedAcl", _ACLS, "private")
    return S3Action(said.template("bucketName"), said.template("key"))
