"""4 How records are mapped, and to where: what a user declares, checked before anything is sent.

declared    a YAML file with the line of every name       language   the words of the files (pydantic)
form        a file against its words                      reading    the files together, every name checked
worksheet   systems, and the routes between hub and them  presets    connections, secrets by reference
reading_template, targets                                 template   fields of one collection in one system
known       objects and fields that a system has          modifiers  ready_made and sandboxed javascript
conditions  which records are sent                        route      render -> payload, and back
pipeline, pipeline_fields   Instagaze's own mappings      pins       those that were approved, as files
related     what rendering asks of the hub                nested     children in their parent's payload
nesting     objects within a payload                      schemas    JSON Schemas for editors
receiving   what a preset of incoming webhooks may say
"""

from __future__ import annotations

from ipaas_dagster.mapping.kinds import KINDS, Kind, kind, kind_names
from ipaas_dagster.mapping.payload import Rendered, payload_bytes, payload_hash
from ipaas_dagster.mapping.presets import Missing, Preset, Presets, load_presets, resolve
from ipaas_dagster.mapping.ready_made import minor_to_decimal
from ipaas_dagster.mapping.related import Related
from ipaas_dagster.mapping.render import keep_hub_id
from ipaas_dagster.mapping.rendered_value import RenderError
from ipaas_dagster.mapping.route import Route
from ipaas_dagster.mapping.template import TargetField
from ipaas_dagster.mapping.worksheet import PipelineRow, Row, System, Worksheet, load_worksheet

__all__ = [
    "KINDS",
    "Kind",
    "Missing",
    "PipelineRow",
    "Preset",
    "Presets",
    "Related",
    "RenderError",
    "Rendered",
    "Route",
    "Row",
    "System",
    "TargetField",
    "Worksheet",
    "keep_hub_id",
    "kind",
    "kind_names",
    "load_presets",
    "load_worksheet",
    "minor_to_decimal",
    "payload_bytes",
    "payload_hash",
    "resolve",
]
