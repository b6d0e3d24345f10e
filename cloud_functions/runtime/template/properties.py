"""Which properties of a resource are read, and which are known and without effect here.

Everything else is refused by its name, so that no property is lost to a slip of the pen and none
that a template depends on is passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from cloud_functions.runtime.template.values import demand_known
from cloud_functions.runtime.template.yaml_nodes import Marked


class Known(NamedTuple):
    """The properties of one type of resource, or of one kind of event."""

    read: Sequence[str]
    without_effect: Sequence[str] = ()


PROPERTIES: Final[Mapping[str, Known]] = {
    "AWS::Serverless::Function": Known(
        (
            *("Handler", "Runtime", "CodeUri", "Timeout", "MemorySize", "Environment", "Events"),
            *("ReservedConcurrentExecutions", "FunctionName", "PackageType"),
        ),
        (
            *("Description", "Tags", "PropagateTags", "Tracing", "Architectures", "KmsKeyArn"),
            *("Policies", "Role", "RolePath", "PermissionsBoundary", "AssumeRolePolicyDocument"),
            *("VpcConfig", "EphemeralStorage", "LoggingConfig", "SnapStart", "RecursiveLoop"),
            *("AutoPublishAlias", "AutoPublishAliasAllProperties", "AutoPublishCodeSha256"),
            *("VersionDescription", "VersionDeletionPolicy", "PublishToLatestPublished"),
            *("DeploymentPreference", "ProvisionedConcurrencyConfig", "FunctionScalingConfig"),
            *("CodeSigningConfigArn", "RuntimeManagementConfig", "SourceKMSKeyArn"),
        ),
    ),
    "HttpApi": Known(
        ("Path", "Method", "Auth", "PayloadFormatVersion"),
        ("ApiId", "TimeoutInMillis", "RouteSettings"),
    ),
    "IoTRule": Known(("Sql", "AwsIotSqlVersion")),
    "AWS::Serverless::HttpApi": Known(
        ("Auth", "CorsConfiguration"),
        (
            *("Name", "Description", "StageName", "Tags", "PropagateTags", "AccessLogSettings"),
            *("DefaultRouteSettings", "RouteSettings", "FailOnWarnings", "Domain"),
            "DisableExecuteApiEndpoint",
        ),
    ),
    "AWS::ApiGatewayV2::Route": Known(
        ("RouteKey", "Target", "AuthorizationType"),
        ("ApiId", "OperationName", "RouteResponseSelectionExpression"),
    ),
    "AWS::DynamoDB::Table": Known(
        ("TableName", "KeySchema", "AttributeDefinitions"),
        (
            *("BillingMode", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"),
            *("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "TimeToLiveSpecification"),
            *("PointInTimeRecoverySpecification", "SSESpecification", "TableClass", "Tags"),
            *("ContributorInsightsSpecification", "DeletionProtectionEnabled", "ResourcePolicy"),
            *("StreamSpecification", "KinesisStreamSpecification"),
        ),
    ),
    "AWS::Serverless::SimpleTable": Known(
        ("TableName", "PrimaryKey"),
        (
            *("ProvisionedThroughput", "SSESpecification", "Tags"),
            "PointInTimeRecoverySpecification",
        ),
    ),
    "AWS::S3::Bucket": Known(
        ("BucketName",),
        (
            *("AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations"),
            *("BucketEncryption", "CorsConfiguration", "IntelligentTieringConfigurations"),
            *("InventoryConfigurations", "LifecycleConfiguration", "LoggingConfiguration"),
            *("MetadataConfiguration", "MetadataTableConfiguration", "MetricsConfigurations"),
            *("ObjectLockConfiguration", "ObjectLockEnabled", "OwnershipControls", "Tags"),
            *("PublicAccessBlockConfiguration", "ReplicationConfiguration"),
            *("VersioningConfiguration", "WebsiteConfiguration"),
        ),
    ),
    "AWS::IoT::TopicRule": Known(("RuleName", "TopicRulePayload"), ("Tags",)),
}


def demand(kind: str, said: Marked) -> None:
    """Raises Refusal for a property that is neither read nor known to be without effect."""
    demand_known(said, *PROPERTIES[kind])
