"""The checkpoints of a stage of training: the best epoch's, and the newest to resume from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint

from sightline.benchmark import Benchmark


class BestCheckpoint(ModelCheckpoint):
    """`best.ckpt`, of the epoch that the benchmark picks, or of the last one without.

    Known again in a folder that was moved or mounted anew.
    """

    def __init__(self, folder: Path, benchmark: Benchmark | None) -> None:
        super().__init__(
            folder,
            "best",
            monitor=f"val/{benchmark.decides}" if benchmark else None,
            mode=benchmark.better if benchmark else "min",
            save_top_k=1,
            enable_version_counter=False,
        )

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What a checkpoint says, with its paths in the folder of today."""
        folder = Path(str(self.dirpath))

        def here(path: str) -> str:
            return str(folder / Path(path).name) if path else path

        paths = {key: here(state_dict[key]) for key in ("best_model_path", "kth_best_model_path")}
        best = {here(path): score for path, score in state_dict["best_k_models"].items()}
        moved = {"dirpath": self.dirpath, "best_k_models": best, **paths}
        super().load_state_dict(state_dict | moved)


class LastCheckpoint(Checkpoint):
    """Keep `last.ckpt` fresh: every so many steps and at each epoch's end, replaced in one move."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any, **__: Any) -> None:  # pyright: ignore
        """Save inside the epoch; its last step is saved when it has been validated."""
        if trainer.global_step % self.every == 0 and not trainer.is_last_batch:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *_: Any, **__: Any) -> None:
        """Save between epochs, after validation."""
        self._save(trainer)

    def _save(self, trainer: lightning.Trainer) -> None:
        temporary = self.path.with_suffix(".part")
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            temporary.replace(self.path)  # a kill at any moment leaves a whole checkpoint
