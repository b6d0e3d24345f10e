"""What a statement may be refused for, and what may end its evaluation."""

from cloud_functions.errors import CloudError, InvalidDeclaration


class SqlError(InvalidDeclaration):
    """A statement that cannot run: what is wrong, and where, with a caret under the place.

    `line` and `column` count from 1, `position` from 0 in the whole statement.
    """

    def __init__(self, reason: str, statement: str, position: int) -> None:
        self.reason = reason
        self.statement = statement
        self.position = position
        self.line = statement.count("\n", 0, position) + 1
        start = statement.rfind("\n", 0, position) + 1
        self.column = position - start + 1
        end = statement.find("\n", start)
        text = statement[start:] if end < 0 else statement[start:end]
        caret = " " * (position - start) + "^"
        super().__init__(f"line {self.line}, column {self.column}: {reason}\n  {text}\n  {caret}")


class RuleFailed(CloudError):
    """The evaluation of a rule ended: none of its actions runs, its error action neither.

    AWS reference, sections 2.5 and 2.9.
    """

    code = "rule_failed"
