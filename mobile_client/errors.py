"""What can go wrong between a phone and its cloud."""


class PhoneError(Exception):
    """Anything a phone tells its owner instead of a result."""


class Invalid(PhoneError):
    """What was asked for breaks the contract; nothing was sent."""


class NotMeant(PhoneError):
    """None of the owner's robots is called that, or more than one."""


class Refused(PhoneError):
    """The cloud said no; `code` is its word for why, `status` the HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class SignedOut(Refused):
    """The token is missing, too old or wrong: sign in again."""


class Unreachable(PhoneError):
    """No cloud answers at that address."""


class NotSeen(PhoneError):
    """The robot did not answer in time; the wish stands until it expires."""
