"""Known weights into the cache: pulled from where they are published, or added by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from sightline.models import catalogued, convert, read_model
from sightline.models.cache import cached, downloads, note_of, offline_switch
from sightline.models.catalogue import Source, Weights
from sightline.models.download import BY_HAND, DownloadError, Transfer, Watch, unwatched
from sightline.models.weights import WeightsError, read_state, save_weights
from sightline.provenance import sha256, write_json

if TYPE_CHECKING:
    from sightline.models.base import GazeModel


@dataclass
class Stored:
    """Weights in the cache, and what conversion left out, in words."""

    path: Path
    notes: list[str]


def pull(name: str, *, half: bool = False, watch: Watch = unwatched) -> Stored:
    """Fetch known weights, "model.tag", and convert them strictly into the cache.

    half: store float16; a model is loaded in float32 all the same.

    Raises UnknownNameError, DownloadError (also where an offline switch is set), WeightsError for
    files of another model, and OSError where nothing can be written.
    """
    weights = catalogued(name)
    if not weights.files:
        raise DownloadError(
            f"{name} cannot be fetched: {weights.origin}; get it there and register it with "
            f"`sightline models add {name} FILE`"
        )
    here = {source.name for source in weights.files if (downloads() / source.name).exists()}
    files = [(source, fetch(source, watch)) for source in weights.files]
    try:
        return _store(name, files, half)
    except WeightsError:
        for source, path in files:
            # nothing vouches for what came just now: it must not stay as the first
            if source.sha256 is None and source.name not in here:
                path.unlink(missing_ok=True)
                note_of(path).unlink(missing_ok=True)
        raise


def fetch(source: Source, watch: Watch = unwatched) -> Path:
    """The published file among the downloads of the cache, fetched unless it is there; verified."""
    folder = downloads()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / source.name
    with FileLock(folder / f".{source.name}.lock"):  # one process at a time
        if path.exists():
            _verify(source, path, f"delete it and run `sightline models pull` again, or {BY_HAND}")
            return path
        if switch := offline_switch():
            raise DownloadError(f"{switch} forbids fetching {source.url}; unset it, or {BY_HAND}")
        part = folder / f"{source.name}.part"
        if source.sha256 is None:  # what an earlier run left may be of another version of the file
            part.unlink(missing_ok=True)
        Transfer(source.url, part, source.size, watch).run()
        try:
            digest = _verify(source, part, "it was removed; pull again")
        except DownloadError:
            part.unlink()
            raise
        part.replace(path)
        write_json(note_of(path), _facts(source.url, path, digest))
    return path


def _verify(source: Source, path: Path, remedy: str) -> str:
    """The hash of a file; raises DownloadError unless it is the published one.

    Where none is published, that of the first download counts: it stays beside the downloads.
    """
    note, digest = note_of(downloads() / source.name), sha256(path)
    wanted = source.sha256
    if wanted is None and note.exists():
        wanted = loads(note.read_text(encoding="utf-8"))["sha256"]
    if digest != (wanted or digest):
        whose = "as published" if source.sha256 else f"as first downloaded ({note})"
        raise DownloadError(
            f"{path} is not {source.url} {whose}: its SHA-256 is {digest} instead of {wanted}; "
            f"{remedy}"
        )
    return digest


def add(name: str, files: list[Path], *, half: bool = False) -> Stored:
    """Register files copied by hand as known weights, "model.tag", converted strictly.

    files: all published files of the weights, under their names (those that are in the cache can be
    left out); or one file with everything, official or ours.

    Raises as `pull`, and FileNotFoundError.
    """
    weights = catalogued(name)
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"there is no file {file}; give the file that was copied here")
    named = {file.name: file for file in files}
    wanted = {source.name: source for source in weights.files}
    if len(files) == 1 and (not named.keys() <= wanted.keys() or _is_whole(weights, files[0])):
        return _write(name, *read_model(name.partition(".")[0], files[0]), files, half)
    if unknown := named.keys() - wanted.keys():
        known = " and ".join(wanted) or "one file"
        raise WeightsError(f"{name} is made of {known}, not of {', '.join(sorted(unknown))}")
    parts = []
    for file, source in wanted.items():
        path = named.get(file, downloads() / file)
        if not path.exists():
            raise FileNotFoundError(
                f"{name} also needs {file}, from {source.url}; give it together with the others"
            )
        _verify(source, path, "copy it once more")
        parts.append((source, path))
    return _store(name, parts, half)


def _is_whole(weights: Weights, file: Path) -> bool:
    """Whether the file holds the tensors of all parts, under their prefixes, or is one of ours."""
    state, metadata = read_state(file)
    prefixes = [source.prefix for source in weights.files if source.prefix]
    return "config" in metadata or any(key.startswith(p) for key in state for p in prefixes)


def _store(name: str, files: list[tuple[Source, Path]], half: bool) -> Stored:
    """Merge published files, convert them, and write the weights into the cache."""
    state = {
        source.prefix + key: tensor
        for source, path in files
        for key, tensor in read_state(path)[0].items()
    }
    model, notes = convert(name.partition(".")[0], state)
    return _write(name, model, notes, [path for _, path in files], half)


def _write(name: str, model: GazeModel, notes: list[str], files: list[Path], half: bool) -> Stored:
    """Into the cache."""
    path, weights, kind = cached(name), catalogued(name), name.partition(".")[0]
    origin = {"weights": name, "licence": weights.licence, "origin": weights.origin}
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        save_weights(model, path, name=kind, half=half, **origin)
        made_of = [_facts(file.name, file, sha256(file)) for file in files]
        facts = {**_facts(name, path, sha256(path)), "made of": made_of, **origin}
        write_json(note_of(path), facts)
    return Stored(path, notes)


def _facts(origin: str, path: Path, digest: str) -> dict[str, Any]:
    return {
        "file": origin,
        "size": path.stat().st_size,
        "sha256": digest,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
