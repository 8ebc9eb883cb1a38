"""The bill of materials of a release: CycloneDX 1.6 as JSON, the same for the same environment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from .runtime import Component

NAME = "jackfield"


def sbom(components: Sequence[Component], own: Sequence[str], epoch: int | None = None) -> str:
    """Return the document for what is installed. `own` are the names of our distributions, which make the product.

    `epoch` is the release's time in seconds since 1970; None leaves it out.
    """
    version = next(each.version for each in components if each.name == own[0])
    product = {"type": "application", "bom-ref": NAME, "name": NAME, "version": version}
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": product},
        "components": [_component(each) for each in components],
        "dependencies": _graph(components, own),
    }
    if epoch is not None:
        document["metadata"]["timestamp"] = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    serial = uuid5(NAMESPACE_URL, json.dumps(document, sort_keys=True))
    return json.dumps({**document, "serialNumber": f"urn:uuid:{serial}"}, indent=2) + "\n"


def _component(component: Component) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(component),
        "name": component.name,
        "version": component.version,
        "purl": _ref(component),
    }
    if component.summary:
        told["description"] = component.summary
    if component.license:
        told["licenses"] = [{"license": {"name": component.license}}]
    return told


def _ref(component: Component) -> str:
    return f"pkg:pypi/{component.name}@{component.version}"


def _graph(components: Sequence[Component], own: Sequence[str]) -> list[dict[str, Any]]:
    """Return who needs whom, the product first."""
    refs = {component.name: _ref(component) for component in components}
    told = [{"ref": NAME, "dependsOn": sorted(refs[name] for name in own)}]
    return told + [
        {"ref": refs[each.name], "dependsOn": sorted(refs[name] for name in each.requires)} for each in components
    ]
