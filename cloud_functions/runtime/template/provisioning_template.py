"""`AWS::IoT::ProvisioningTemplate` in a SAM template: its properties as they were declared."""

from collections.abc import Mapping
from typing import Final

from cloud_functions.provisioning.templates import HOOK_VERSION
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.provisioning import (
    ProvisioningTemplate,
    check_hook,
    check_template,
)
from cloud_functions.runtime.template.values import (
    demand_known,
    flag,
    inner,
    refused,
    text,
    text_or,
)
from cloud_functions.runtime.template.yaml_nodes import Marked

_READ: Final = (
    *("TemplateName", "TemplateBody", "TemplateType", "ProvisioningRoleArn"),
    *("Enabled", "Description", "PreProvisioningHook"),
)


def _provisioning_template(draft: Draft, name: str, said: Marked) -> None:
    demand_known(said, _READ, ("Tags",))
    if text_or(said, "TemplateType", "FLEET_PROVISIONING") != "FLEET_PROVISIONING":
        raise refused(said, "TemplateType", "TemplateType is FLEET_PROVISIONING here")
    hook = inner(said, "PreProvisioningHook")
    demand_known(hook, ("TargetArn", "PayloadVersion"), ())
    declared = ProvisioningTemplate(
        name=text_or(said, "TemplateName", name),
        body=text(said, "TemplateBody"),
        role_arn=text_or(said, "ProvisioningRoleArn", ""),
        enabled=flag(said, "Enabled"),
        description=text_or(said, "Description", ""),
        hook=text_or(hook, "TargetArn", ""),
        hook_version=text_or(hook, "PayloadVersion", HOOK_VERSION),
    )
    check_template(declared)
    draft.provisioning_templates.append(declared)
    draft.checks.append((name, lambda: check_hook(declared, draft.functions)))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::IoT::ProvisioningTemplate": _provisioning_template,
}
