"""`AWS::IoT::ProvisioningTemplate` in a SAM template."""

from collections.abc import Collection
from dataclasses import dataclass

from cloud_functions.errors import CloudError, InvalidDeclaration
from cloud_functions.provisioning.templates import (
    HOOK_VERSION,
    Hook,
    Record,
    Version,
    check_record,
)


@dataclass(frozen=True, slots=True)
class ProvisioningTemplate:
    """One declared provisioning template; `hook` is the ARN of a function, empty for none."""

    name: str
    body: str
    role_arn: str
    enabled: bool = False
    description: str = ""
    hook: str = ""
    hook_version: str = HOOK_VERSION

    def record(self, now_s: float) -> Record:
        """The template as the cloud keeps it."""
        return Record(
            name=self.name,
            versions={1: Version(self.body, now_s)},
            default=1,
            created_s=now_s,
            modified_s=now_s,
            last_version=1,
            role_arn=self.role_arn,
            enabled=self.enabled,
            description=self.description,
            hook=Hook(self.hook, self.hook_version) if self.hook else None,
        )


def check_template(declared: ProvisioningTemplate) -> None:
    """Raises InvalidDeclaration for a template that cannot provision anything."""
    try:
        check_record(declared.record(0.0))
    except CloudError as error:
        raise InvalidDeclaration(str(error)) from None


def check_hook(declared: ProvisioningTemplate, functions: Collection[str]) -> None:
    """Raises InvalidDeclaration for a hook that is none of the template's functions."""
    hook = declared.record(0.0).hook
    if hook is not None and hook.function not in functions:
        known = ", ".join(functions) or "none"
        raise InvalidDeclaration(
            f"provisioning template {declared.name}: there is no function {hook.function};"
            f" there are {known}"
        )
