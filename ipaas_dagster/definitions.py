"""The composition root that Dagster loads (`workspace.yaml`, `[tool.dg]`): the installation as
definitions."""

from ipaas_dagster.orchestration import build_definitions

defs = build_definitions()
