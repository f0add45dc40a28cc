"""The models it hears, thinks and speaks with: what there is, where it is kept, how it gets there."""

from assistant.models.catalogue import CatalogueModel, Purpose, catalogue, expand, find
from assistant.models.choice import Chosen, choose, memory_bytes
from assistant.models.folder import ModelFolder, Progress, no_progress

__all__ = [
    "CatalogueModel",
    "Chosen",
    "ModelFolder",
    "Progress",
    "Purpose",
    "catalogue",
    "choose",
    "expand",
    "find",
    "memory_bytes",
    "no_progress",
]
