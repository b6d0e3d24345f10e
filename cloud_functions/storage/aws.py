"""The stores of a function that runs on AWS."""

import boto3

from cloud_functions.ports import BlobStore, Table
from cloud_functions.storage.dynamodb_table import DynamoDbTable
from cloud_functions.storage.s3_blobs import S3Blobs


def stores(table_name: str, bucket_name: str) -> tuple[Table, BlobStore]:
    """Table and blobs by the names the template gave."""
    table = DynamoDbTable(boto3.client("dynamodb"), table_name)
    return table, S3Blobs(boto3.client("s3"), bucket_name)
