"""What can go wrong with robots on their home network."""


class HomeError(Exception):
    """Anything that is told to who starts robots or presses their buttons."""


class InvalidAddress(HomeError):
    """The robots cannot have that address; the message says which are allowed."""


class NoHomeNetwork(HomeError):
    """A robot cannot have its address or port; the message says what to change."""


class NoRun(HomeError):
    """No robots, or other ones, are on a home network with that data directory."""


class NotPressed(HomeError):
    """The robot did not take it; the message says why."""
