"""The destinations of the worksheet, as the asset graph shows them. No Dagster here."""

from ipaas_dagster.orchestration.use_cases import SystemShown
from ipaas_dagster.project import Project


def systems(project: Project) -> tuple[SystemShown, ...]:
    """Every system with at least one route, switched off ones too. Raises DeclarationError with file and
    line."""
    worksheet = project.worksheet
    shown = []
    for system in worksheet.destinations:
        routed = tuple(dict.fromkeys(route.collection for route in worksheet.routes(system.name)))
        off = worksheet.switched_off(system.name, project.settings)
        if routed:
            shown.append(SystemShown(system.name, system.kind.name, routed, off))
    return tuple(shown)
