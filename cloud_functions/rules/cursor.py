"""A place among the tokens of a statement: looks ahead, takes, demands, and says what was wrong."""

from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.lexer import Kind, Token, tokens
from cloud_functions.rules.versions import SqlVersion


class Cursor:
    """Tokens are made as they are asked for, so that a hole ends where its expression does."""

    def __init__(self, text: str, version: SqlVersion, start: int = 0) -> None:
        self.text = text
        self.version = version
        self._coming = tokens(text, start)
        self._tokens: list[Token] = []
        self._index = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token `ahead` of the next one; the end as often as it is asked for."""
        while len(self._tokens) <= self._index + ahead:
            if self._tokens and self._tokens[-1].kind is Kind.END:
                return self._tokens[-1]
            self._tokens.append(next(self._coming))
        return self._tokens[self._index + ahead]

    def next(self) -> Token:
        """Take the next token."""
        token = self.peek()
        if token.kind is not Kind.END:
            self._index += 1
        return token

    def at_symbol(self, text: str) -> bool:
        """Whether the next token is this symbol."""
        token = self.peek()
        return token.kind is Kind.SYMBOL and token.text == text

    def take_symbol(self, text: str) -> bool:
        """Take the next token if it is this symbol; whether it was."""
        found = self.at_symbol(text)
        self._index += found
        return found

    def take_keyword(self, text: str) -> bool:
        """Take the next token if it is this keyword; whether it was."""
        token = self.peek()
        found = token.kind is Kind.KEYWORD and token.text == text
        self._index += found
        return found

    def demand_symbol(self, text: str) -> None:
        """Take this symbol.  Raises SqlError."""
        if not self.take_symbol(text):
            raise self.unexpected(repr(text), self.peek())

    def demand_keyword(self, text: str) -> None:
        """Take this keyword.  Raises SqlError."""
        if not self.take_keyword(text):
            raise self.unexpected(text, self.peek())

    def demand_name(self, what: str) -> Token:
        """Take a name; a keyword in its own spelling is one here.  Raises SqlError."""
        token = self.next()
        if token.kind in (Kind.INTEGER, Kind.DECIMAL):
            hint = "a name that begins with a digit is fetched with get(object, 'name')"
            raise self.error(hint, token)
        if token.kind not in (Kind.NAME, Kind.KEYWORD):
            raise self.unexpected(what, token)
        if token.kind is Kind.KEYWORD:  # `AS value`: a keyword in its own spelling is a name here
            end = token.position + len(token.text)
            return Token(Kind.NAME, self.text[token.position : end], token.position)
        return token

    def demand_second_version(self, what: str, token: Token | None = None) -> None:
        """Raises SqlError where the statement is written in the first version."""
        if self.version.is_first:
            needed = SqlVersion.SECOND.value
            place = token or self.peek()
            raise self.error(f"{what} needs AwsIotSqlVersion {needed}", place)

    def unexpected(self, wanted: str, token: Token) -> SqlError:
        """The refusal of a token where something else was wanted."""
        found = token.text if token.kind is Kind.END else repr(_spelt(token))
        return self.error(f"here should be {wanted}, not {found}", token)

    def error(self, reason: str, token: Token) -> SqlError:
        """A refusal with the place of a token."""
        return SqlError(reason, self.text, token.position)


def _spelt(token: Token) -> str:
    return f"@{token.text}" if token.kind is Kind.VARIABLE else token.text
