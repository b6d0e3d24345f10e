"""What `Ref` and `GetAtt` of a resource mean on this computer."""

from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.fanout.subscriber import topic_arn
from cloud_functions.queues.spec import queue_arn, queue_url
from cloud_functions.region import ACCOUNT, REGION
from cloud_functions.runtime.template.intrinsics import PHONE_CLIENT, USER_POOL, Resolver

FUNCTION_ARN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
_NAMED_BY: Final = {
    "AWS::Serverless::Function": "FunctionName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Serverless::SimpleTable": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
}
"""The property that names a resource; without it the logical id does."""


def name_of(resource: str, kind: str, said: dict[str, Any]) -> str:
    """The name of a resource: the one its properties give, else its logical id."""
    given = said.get(_NAMED_BY.get(kind, ""))
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
        case "AWS::Cognito::UserPool":
            arn = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{USER_POOL}"
            return {"": USER_POOL, "Arn": arn, "UserPoolId": USER_POOL}
        case "AWS::Cognito::UserPoolClient":
            return {"": PHONE_CLIENT, "ClientId": PHONE_CLIENT}
        case _:
            return {"": resource, "Arn": f"arn:aws:local:{REGION}:{ACCOUNT}:{resource}"}


def given_name(said: Any, kind: str, resolver: Resolver) -> dict[str, Any]:
    """The naming property, resolved without other resources; empty when it needs them."""
    member = _NAMED_BY.get(kind, "")
    if not isinstance(said, dict) or member not in said:
        return {}
    try:
        return {member: resolver.resolve(said[member])}
    except InvalidDeclaration:
        return {}
