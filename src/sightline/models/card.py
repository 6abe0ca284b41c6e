"""The model card that goes with weights: what goes in, licences, metrics, limits."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from sightline.models import weights_catalogue
from sightline.models.hub import kind_of
from sightline.models.licences import licences

if TYPE_CHECKING:
    from sightline.models.base import GazeModel
    from sightline.models.catalogue import Weights

HUB_LICENCES = {"Apache-2.0": "apache-2.0", "MIT": "mit"}

CARD = """---
library_name: sightline
tags: [gaze-following, computer-vision]
license: {hub_licence}
---

# {name}

{introduction}

```python
import sightline

model = sightline.GazeModel.from_pretrained("OWNER/NAME")  # or a folder
gaze = sightline.predict("photo.jpg", heads=[[212, 40, 310, 168]], model=model)
```

## Head boxes

x_min, y_min, x_max, y_max in pixels, x to the right and y down, by edges: the first pixel reaches
from 0 to 1, and a box over the whole picture is 0, 0, width, height. A box holds the whole head,
hair and chin, not only the face: enlarge what a face detector finds.

{boxes}

Gaze points are fractions of the picture, (0, 0) its upper left corner and (1, 1) the lower right.

## Licences and data

{licences}

## Metrics

{metrics}

## Intended use

Saying where people in pictures look, for research and for tools whose users check the result. Not
meant for decisions about a person, nor for watching people who do not know of it.

## Failure cases

{limits}
"""


def model_card(model: GazeModel) -> str:
    """The card of a model, by its `name`, as Markdown with the header that the hub reads."""
    weights = weights_catalogue().get(model.name)
    readme = _readme(model)
    return CARD.format(
        hub_licence=HUB_LICENCES.get(weights.licence, "other") if weights else "other",
        name=model.name or kind_of(model),
        introduction=_introduction(readme),
        boxes=model.head_boxes,
        licences=_licences(weights),
        metrics=_metrics(model, weights),
        limits=_section(readme, "Limits") or "Not described by whoever made this model.",
    )


def _readme(model: GazeModel) -> str:
    """The README of the model's package without its links, which lead nowhere from a card."""
    package = type(model).__module__.rpartition(".")[0]
    file = files("sightline") / "models" / package.rpartition(".")[2] / "README.md"
    if not package.startswith("sightline.models.") or not file.is_file():
        return ""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", file.read_text(encoding="utf-8"))


def _introduction(readme: str) -> str:
    """What stands between title and first table or heading."""
    text = re.split(r"^(?:\||## )", readme, maxsplit=1, flags=re.MULTILINE)[0]
    return text.partition("\n")[2].strip() or "A model of gaze following in the form of sightline."


def _section(readme: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def _licences(weights: Weights | None) -> str:
    if weights is None:
        return "Code: Apache-2.0. Of these weights, whoever gives them away says so here."
    lines = [f"- {what}: {licence}" for what, licence in licences(weights).items()]
    return "\n".join([f"Weights: {weights.origin}.", "", *lines])


def _metrics(model: GazeModel, weights: Weights | None) -> str:
    if weights is None or weights.benchmark is None:
        return (
            f"Of this file: `sightline evaluate BENCHMARK --data DIR --model {kind_of(model)} "
            "--weights model.safetensors`"
        )
    command = f"`sightline evaluate {weights.benchmark} --data DIR --model {model.name}`"
    if not weights.paper:
        return f"None are published. {command} prints them."
    rows = [f"| {name} | {value} |" for name, value in weights.paper.items()]
    head = ["| as the authors report | |", "|---|---|"]
    return "\n".join([*head, *rows, "", f"Not measured again here; {command} does."])
