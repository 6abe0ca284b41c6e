"""`sightline models export`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

if TYPE_CHECKING:
    from sightline.export.parity import Latency, Parity


@dataclass(kw_only=True)
class Export:
    """Write a model with its preprocessing as ONNX, and say how far that is from torch.

    The file runs without torch (`python -m sightline.onnx_model`). What was measured on rendered
    pictures is printed, and written beside the file as JSON.
    """

    model: Annotated[Positional[str], arg(metavar="MODEL")]
    """Known weights as model.tag (see `sightline models list`), or a model with --weights."""
    weights: Path | None = None
    """A weights file: ours (safetensors) or an official checkpoint."""
    format: Literal["onnx"] = "onnx"
    """The only one."""
    precision: Literal["float32", "float16"] = "float32"
    """float16 halves the file; reading pictures and points stays in float32."""
    out: Path | None = None
    """The file to write; MODEL.onnx or MODEL.float16.onnx if not given."""
    overwrite: bool = False
    """Replace the file and the report beside it."""

    def run(self) -> int:
        """Export, compare, time, print, and write the report."""
        from sightline.export.onnx import export_onnx
        from sightline.export.parity import report
        from sightline.models import load
        from sightline.provenance import describe_run, write_json

        half = self.precision == "float16"
        path = self.out or Path(f"{self.model}{'.float16' if half else ''}.onnx")
        beside = path.with_suffix(".json")
        for file in (path, beside):
            if file.exists() and not self.overwrite:
                raise FileExistsError(f"{file} exists already; name another file or --overwrite")
        model = load(self.model, self.weights, precision="float32")
        about = self._describe()
        export_onnx(model, path, half=half, notes=about)
        parity, latencies = report(model, path)
        _print(parity, latencies)
        facts = describe_run(**about, precision=self.precision, parity=parity, latency=latencies)
        write_json(beside, facts)
        print(f"wrote {path} ({path.stat().st_size / 2**20:.1f} MiB) and {beside}")
        return 0

    def _describe(self) -> dict[str, Any]:
        """What the file says about where it comes from."""
        from sightline.models import known_weights, weights_catalogue
        from sightline.provenance import sha256, versions

        known = None if self.weights else weights_catalogue().get(self.model)
        path = self.weights or known_weights(self.model)
        return {
            "model": self.model,
            "weights": path.name,
            "weights_sha256": sha256(path),
            "licence": known.licence if known else "that of the given weights",
            "sightline": versions().get("sightline"),
        }


def _print(parity: Parity, latencies: list[Latency]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("largest difference from torch", "", title=f"{parity.people} people")
    for name, value in asdict(parity).items():
        if value is not None:
            table.add_row(name.replace("_", " "), f"{value:.3g}")
    times = Table("people", "torch ms", "onnxruntime ms", title="one picture")
    for row in latencies:
        times.add_row(str(row.people), f"{row.torch_ms:.1f}", f"{row.onnx_ms:.1f}")
    Console().print(table, times)
