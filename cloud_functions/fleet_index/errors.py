"""What fleet indexing refuses, by the names and statuses of AWS's exceptions."""

from cloud_functions.errors import CloudError, InvalidRequest, NotFound


class InvalidQuery(InvalidRequest):
    """A query cannot be understood; `column` counts from 1, and a caret shows it."""

    code = "InvalidQueryException"

    def __init__(self, reason: str, query: str, column: int) -> None:
        super().__init__(f"column {column}: {reason}\n  {query}\n  {' ' * (column - 1)}^")
        self.reason = reason
        self.column = column


class InvalidIndexing(InvalidRequest):
    """The indexing configuration or a request of the index breaks a rule."""

    code = "InvalidRequestException"


class IndexNotReady(InvalidRequest):
    """The index is being built."""

    code = "IndexNotReadyException"


class InvalidAggregation(InvalidRequest):
    """The field cannot be aggregated."""

    code = "InvalidAggregationException"


class NoSuchIndex(NotFound):
    """There is no such index, or no such thing in it."""

    code = "ResourceNotFoundException"


class TooManyGroups(CloudError):
    """There are as many dynamic groups as AWS allows."""

    code = "LimitExceededException"
    status = 410
