"""The words of a pinned pipeline's file."""

from __future__ import annotations

from pydantic import Field

from ipaas_dagster.mapping.language import Words


class PinnedFieldWords(Words):
    """What goes into one field of the other system."""

    field: str = Field(description="Instagaze's name of it")
    push_modifier: str | None = None
    required: bool = False
    read_only: bool = False
    custom: bool = False


class PinnedPipelineWords(Words):
    """Which pipeline it was."""

    id: str | int
    module: str
    object: str
    external_object: str
    digest: str = Field(description="of everything here but the id")


class PinFile(Words):
    """A pipeline's mapping as it was approved."""

    pipeline: PinnedPipelineWords
    fields: dict[str, PinnedFieldWords]
