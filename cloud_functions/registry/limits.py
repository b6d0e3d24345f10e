"""How much the registry takes (AWS reference, sections 6.2, 7 and 8.2); each a named setting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistryLimits:
    """Defaults are AWS's."""

    attributes: int = 3
    """Of a thing without a type."""
    attributes_with_type: int = 50
    attribute_bytes: int = 47 * 1024
    """All names and values of one thing together."""
    searchable_attributes: int = 3
    propagating_attributes: int = 20
    type_deletion_s: float = 300.0
    """How long a thing type must have been deprecated before it may be deleted."""
    group_attributes: int = 50
    group_depth: int = 7
    """Levels of a hierarchy, its root included."""
    group_children: int = 100
    groups_per_thing: int = 10
    policies_per_target: int = 10
    policy_versions: int = 5
    policy_characters: int = 2048
    """White space does not count."""
    cas_per_subject: int = 10


AWS_LIMITS = RegistryLimits()
