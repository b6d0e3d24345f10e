"""What `Ref` and `GetAtt` of a resource mean on this computer."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.fanout.subscriber import topic_arn
from cloud_functions.queues.spec import queue_arn, queue_url
from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.runtime.template.intrinsics import PHONE_CLIENT, USER_POOL, Resolver

FUNCTION_ARN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"


class Naming(NamedTuple):
    """The property that names a resource, and what its name is made of."""

    member: str
    form: re.Pattern[str]
    words: str


NAMED_BY: Final[Mapping[str, Naming]] = {
    kind: Naming(member, re.compile(rf"{form}\Z"), form)
    for kind, member, form in (
        ("AWS::Serverless::Function", "FunctionName", "[a-zA-Z0-9_-]{1,64}"),
        ("AWS::DynamoDB::Table", "TableName", "[a-zA-Z0-9_.-]{1,255}"),
        ("AWS::Serverless::SimpleTable", "TableName", "[a-zA-Z0-9_.-]{1,255}"),
        ("AWS::S3::Bucket", "BucketName", "[a-z0-9][a-z0-9.-]{0,62}"),
        ("AWS::SQS::Queue", "QueueName", "[a-zA-Z0-9_-]{1,80}"),
        ("AWS::SNS::Topic", "TopicName", "[a-zA-Z0-9_-]{1,256}"),
        ("AWS::IoT::TopicRule", "RuleName", "[a-zA-Z0-9_]{1,128}"),
    )
}
"""How a resource is named by its properties; without that its logical id is its name."""


def name_of(resource: str, kind: str, said: dict[str, Any]) -> str:
    """The name of a resource: the one its properties give, else its logical id."""
    given = said.get(NAMED_BY[kind].member) if kind in NAMED_BY else None
    if isinstance(given, str) and given:
        return given
    return resource.lower() if kind == "AWS::S3::Bucket" else resource


def attributes(resource: str, kind: str, name: str) -> dict[str, str]:
    """The values of `Ref` (key "") and of the attributes."""
    match kind:
        case "AWS::Serverless::Function":
            return {"": name, "Arn": FUNCTION_ARN + name}
        case "AWS::DynamoDB::Table" | "AWS::Serverless::SimpleTable":
            return {"": name, "Arn": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"}
        case "AWS::S3::Bucket":
            return {"": name, "Arn": f"arn:aws:s3:::{name}"}
        case "AWS::SQS::Queue":
            url = queue_url(name)
            return {"": url, "QueueUrl": url, "Arn": queue_arn(name), "QueueName": name}
        case "AWS::SNS::Topic":
            arn = topic_arn(name)
            return {"": arn, "TopicArn": arn, "TopicName": name}
        case "AWS::IoT::TopicRule":
            return {"": name, "Arn": f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{name}"}
        case "AWS::Cognito::UserPool":
            arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{USER_POOL}"
            return {"": USER_POOL, "Arn": arn, "UserPoolId": USER_POOL}
        case "AWS::Cognito::UserPoolClient":
            return {"": PHONE_CLIENT, "ClientId": PHONE_CLIENT}
        case _:
            return {"": resource, "Arn": f"arn:aws:local:{REGION}:{ACCOUNT}:{resource}"}


def given_name(said: Any, kind: str, resolver: Resolver) -> dict[str, Any]:
    """The naming property, resolved without other resources; empty when it needs them."""
    member = NAMED_BY[kind].member if kind in NAMED_BY else ""
    if not isinstance(said, dict) or member not in said:
        return {}
    try:
        return {member: resolver.resolve(said[member])}
    except InvalidDeclaration:
        return {}
