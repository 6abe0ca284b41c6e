"""What a model says about the people of one scene, and its plain-data forms."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import torch
from torch import Tensor

from sightline.geometry.boxes import to_pixels
from sightline.plain import from_plain, pack_half, to_plain, unpack_half
from sightline.scene import Objects, Projection

if TYPE_CHECKING:
    import pandas
    import supervision
    from PIL import Image

FORMAT, VERSION = "sightline.gaze", 1

_SHAPES = {
    "heads": (4,),
    "points": (2,),
    "inside": (),
    "directions": (3,),
    "gaze_object": (),
    "tracks": (),
}
"""Of each field but the heatmaps: the shape of one person's row."""
_OBJECT_SHAPES = {"boxes": (4,), "labels": (), "scores": ()}
_INTEGERS = {"gaze_object", "tracks", "labels"}


@dataclass
class Gaze:
    """Where the P people of one scene look. Coordinates are fractions of the image.

    heads: (P, 4) the head boxes that the model was given.
    points: (P, 2) gaze targets; always given, also for people who look outside.
    heatmaps: (P, h, w) over the whole image, as the model scores it; (P, 0, 0) if not kept.
    inside: (P,) probability that the target is in frame.
    directions: (P, 3) unit sight line in the camera's right-handed frame: x right, y down, z
    forward; for panoramas that of `geometry.sphere`.
    objects: detected objects; gaze_object: (P,) row of `objects`, -1 for none.
    tracks: (P,) identity over the frames of a film.
    frame, time: of a film, the number of the picture, from 0, and seconds from the first one.
    projection: of the picture. In an equirectangular one x counts modulo 1, a head box over the
    seam ends beyond 1, and lines are arcs of great circles.
    """

    heads: Tensor
    points: Tensor
    heatmaps: Tensor
    inside: Tensor | None = None
    directions: Tensor | None = None
    objects: Objects | None = None
    gaze_object: Tensor | None = None
    tracks: Tensor | None = None
    frame: int | None = None
    time: float | None = None
    projection: Projection = "perspective"

    def __post_init__(self) -> None:
        people = self.heads.shape[0]  # not len(): it would fix the number in a traced graph
        for name, row in _SHAPES.items():
            value = getattr(self, name)
            if value is not None and value.shape != (people, *row):
                raise ValueError(
                    f"Gaze: {name} has shape {tuple(value.shape)}; "
                    f"with {len(self)} head boxes it must be {(len(self), *row)}."
                )
        if self.heatmaps.ndim != 3 or self.heatmaps.shape[0] != people:
            raise ValueError(
                f"Gaze: heatmaps has shape {tuple(self.heatmaps.shape)}; "
                f"with {len(self)} head boxes it must be ({len(self)}, h, w)."
            )

    @classmethod
    def nobody(cls, projection: Projection = "perspective") -> Gaze:
        """Of a picture without people."""
        heatmaps = torch.zeros(0, 0, 0)
        return cls(torch.zeros(0, 4), torch.zeros(0, 2), heatmaps, projection=projection)

    def __len__(self) -> int:
        """The number of people."""
        return len(self.heads)

    @property
    def identities(self) -> list[int]:
        """What tells the people apart: their tracks or, where there are none, 0, 1, 2 and on."""
        return list(range(len(self))) if self.tracks is None else self.tracks.tolist()

    def people(self) -> dict[str, Tensor]:
        """What is given of each person, by the name of the field, but for the heads."""
        names = {"heatmaps", *_SHAPES} - {"heads"}
        return {n: getattr(self, n) for n in sorted(names) if getattr(self, n) is not None}

    def __getitem__(self, people: int | slice | Tensor | list[int]) -> Gaze:
        """The gaze of some of the people: an index, a slice, indices or a mask."""
        if isinstance(people, int):
            people = [people]
        per_person = {f.name for f in fields(self)} - {"objects", "frame", "time", "projection"}
        chosen = {
            name: None if getattr(self, name) is None else getattr(self, name)[people]
            for name in per_person
        }
        return replace(self, **chosen)

    def to_dict(self, *, heatmaps: bool = True) -> dict[str, Any]:
        """Plain data for JSON: nested lists, NaN as None, heatmaps as float16 in base64.

        Fields that are None are left out. Floats are float32, in the fewest digits that keep them.
        """
        data: dict[str, Any] = {"format": FORMAT, "version": VERSION}
        data |= {n: getattr(self, n) for n in ("frame", "time") if getattr(self, n) is not None}
        data |= {"projection": self.projection} if self.projection != "perspective" else {}
        given = [name for name in _SHAPES if getattr(self, name) is not None]
        data |= {name: to_plain(getattr(self, name)) for name in given}
        if self.objects is not None:
            objects = self.objects
            data["objects"] = {name: to_plain(getattr(objects, name)) for name in _OBJECT_SHAPES}
            data["objects"]["classes"] = list(objects.classes)
        if heatmaps:
            data["heatmaps"] = pack_half(self.heatmaps)
        return data

    def to_json(self, *, heatmaps: bool = True) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(heatmaps=heatmaps), allow_nan=False)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Gaze:
        """The gaze that `to_dict` wrote; without heatmaps they are (P, 0, 0).

        Raises ValueError, naming the field, for anything else.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f'Not a gaze: no "format": "{FORMAT}"; give what Gaze.to_dict wrote.')
        if data.get("version") != VERSION:
            raise ValueError(
                f"Gaze of version {data.get('version')!r}; this sightline reads version {VERSION}."
            )
        for name in ("heads", "points"):
            if data.get(name) is None:
                raise ValueError(f"Gaze: {name} is missing.")
        given = {name: row for name, row in _SHAPES.items() if data.get(name) is not None}
        values = {name: _read(name, data[name], row) for name, row in given.items()}
        heatmaps = torch.zeros(len(values["heads"]), 0, 0)
        if data.get("heatmaps") is not None:
            heatmaps = unpack_half("Gaze: heatmaps", data["heatmaps"])
        objects = None if data.get("objects") is None else _objects(data["objects"])
        frame, time = data.get("frame"), data.get("time")
        if not isinstance(frame, int | None) or not isinstance(time, int | float | None):
            raise ValueError("Gaze: frame and time are numbers.")
        rows = values.get("gaze_object")
        if rows is not None and objects is not None and not _are_rows(rows, objects):
            raise ValueError("Gaze: gaze_object has a value that is no row of objects, nor -1.")
        projection = data.get("projection", "perspective")
        if projection not in get_args(Projection):
            raise ValueError(f"Gaze: projection is one of {', '.join(get_args(Projection))}.")
        heads, points = values.pop("heads"), values.pop("points")
        gaze = cls(heads, points, heatmaps, objects=objects, frame=frame, time=time)
        return replace(gaze, projection=projection, **values)

    @classmethod
    def from_json(cls, text: str) -> Gaze:
        """The gaze that `to_json` wrote; see `from_dict`."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"Not a gaze: the text is not JSON ({error}).") from error
        return cls.from_dict(data)

    def to_frame(self, size: tuple[int, int] | None = None) -> pandas.DataFrame:
        """One row per person, in the columns of docs/table.md; needs the extra `table`.

        `size` (width, height) of the picture fills the columns in pixels. Head boxes over the seam
        of a panorama end beyond its width.
        """
        from sightline.table import COLUMNS, NAMES, rows

        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_frame needs pandas: pip install 'sightline[table]'.") from error
        types = {str: "string", int: "Int64", float: "float64"}
        data = rows(self, image=None, size=size, model=None, weights=None)
        return pandas.DataFrame(data, columns=list(NAMES)).astype(
            {column.name: types[column.type] for column in COLUMNS}
        )

    def to_supervision(self, size: tuple[int, int]) -> supervision.Detections:
        """Head boxes in pixels of a picture of `size` (width, height), for `supervision`.

        `data` has `person` (row of this gaze), `gaze_xy` in pixels and, if given, `inside`; people
        without a head box are left out. Head boxes over the seam of a panorama end beyond its
        width. Needs the extra `supervision`.
        """
        try:
            import supervision
        except ImportError as error:
            raise ImportError(
                "to_supervision needs supervision: pip install 'sightline[supervision]'."
            ) from error
        kept = self.heads.isfinite().all(1).nonzero().flatten()
        seen = self[kept]
        data = {
            "class_name": np.full(len(seen), "head"),
            "person": kept.cpu().numpy(),
            "gaze_xy": to_pixels(seen.points, size).cpu().numpy(),
        }
        if seen.inside is not None:
            data["inside"] = seen.inside.cpu().numpy()
        return supervision.Detections(
            xyxy=to_pixels(seen.heads, size).cpu().numpy(),
            class_id=np.zeros(len(seen), dtype=int),  # annotators choose colours by class
            tracker_id=None if seen.tracks is None else seen.tracks.cpu().numpy(),
            data=data,
        )

    def plot(
        self, image: Tensor, *, heatmap: bool = True, names: list[str] | None = None
    ) -> Image.Image:
        """The image (3, H, W) uint8 with this gaze drawn on it, as `draw.draw_gaze` draws it."""
        from PIL import Image

        from sightline.draw import draw_gaze

        drawn = draw_gaze(image, self, heatmap=heatmap, names=names)
        return Image.fromarray(drawn.permute(1, 2, 0).contiguous().cpu().numpy())


def _objects(data: Any) -> Objects:
    if not isinstance(data, dict) or any(data.get(name) is None for name in _OBJECT_SHAPES):
        raise ValueError(f"Gaze: objects must have {', '.join(_OBJECT_SHAPES)}.")
    values = {name: _read(name, data[name], row) for name, row in _OBJECT_SHAPES.items()}
    if not isinstance(classes := data.get("classes", []), list):
        raise ValueError("Gaze: classes of objects must be a list of names.")
    return Objects(**values, classes=tuple(map(str, classes)))


def _are_rows(rows: Tensor, objects: Objects) -> bool:
    return bool(((rows >= -1) & (rows < len(objects))).all())


def _read(name: str, values: Any, row: tuple[int, ...]) -> Tensor:
    return from_plain(f"Gaze: {name}", values, row, whole=name in _INTEGERS)
