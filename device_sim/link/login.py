"""User name and password of robots, where a broker asks for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Login:
    """The same for every thing."""

    user: str
    password: str

    def __call__(self, thing: str) -> tuple[str, str]:  # noqa: ARG002  all have the same
        """A thing's."""
        return self.user, self.password
