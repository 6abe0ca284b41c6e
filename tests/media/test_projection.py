"""Which pictures and films are taken for panoramas, and why."""

import time
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from panoramas import declare_spherical, gpano
from sightline.media.film import open_film
from sightline.media.projection import (
    ProjectionError,
    declared_in,
    picture_projection,
    settle_projection,
)
from small_films import write_film

DECLARED = gpano(ProjectionType="equirectangular")
WHOLE = {"FullPanoWidthPixels": 900, "FullPanoHeightPixels": 450}


def write(path: Path, size: tuple[int, int], xmp: bytes = b"") -> Path:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    about = {"pnginfo": info} if path.suffix == ".png" else {"xmp": xmp}
    Image.new("RGB", size).save(path, **(about if xmp else {}))
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_xmp_declares_a_panorama_of_any_size(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, (90, 45), DECLARED)
    projection, note = picture_projection(path, (90, 45))
    assert projection == "equirectangular"
    assert note.startswith(f"{path}: taken for a panorama because its metadata say so")


def test_properties_may_be_elements_too() -> None:
    element = b"<GPano:ProjectionType>\n equirectangular</GPano:ProjectionType>"
    assert declared_in(element) == "equirectangular"
    assert declared_in(gpano(UsePanoramaViewer="True")) == "equirectangular"
    assert declared_in(gpano(UsePanoramaViewer="False")) == ""
    assert declared_in(b"<x:xmpmeta/>") == ""


@pytest.mark.parametrize(
    ("size", "projection"),
    [
        ((512, 256), "equirectangular"),
        ((510, 255), "perspective"),  # too small
        ((1024, 511), "perspective"),
        ((256, 512), "perspective"),
    ],
)
def test_without_metadata_the_shape_decides(tmp_path: Path, size, projection: str) -> None:
    found, note = picture_projection(write(tmp_path / "a.jpg", size), size)
    assert found == projection
    assert ("twice as wide" in note) == (projection == "equirectangular")


@pytest.mark.parametrize("choice", ["perspective", "equirectangular"])
def test_what_the_user_says_counts_and_needs_no_message(tmp_path: Path, choice) -> None:
    path = write(tmp_path / "a.jpg", (64, 64), gpano(ProjectionType="cylindrical"))
    assert picture_projection(path, (64, 64), choice) == (choice, "")


def test_a_part_of_a_panorama_is_refused() -> None:
    cropped = {"CroppedAreaImageWidthPixels": 900, "CroppedAreaImageHeightPixels": 300}
    declared = declared_in(gpano(ProjectionType="equirectangular", **WHOLE, **cropped))
    with pytest.raises(ProjectionError, match=r"a\.jpg: its metadata call it a part of a panorama"):
        settle_projection("a.jpg", (900, 300), "auto", declared)


def test_a_panorama_that_is_cut_nowhere_is_whole() -> None:
    cropped = {"CroppedAreaImageWidthPixels": 900, "CroppedAreaImageHeightPixels": 450}
    declared = declared_in(gpano(ProjectionType="equirectangular", **WHOLE, **cropped))
    assert declared == "equirectangular"


def test_another_kind_of_panorama_is_refused() -> None:
    with pytest.raises(ProjectionError, match="call it cylindrical"):
        settle_projection("a.jpg", (900, 300), "auto", "cylindrical")


def test_metadata_made_to_take_long_do_not() -> None:
    begin = time.process_time()
    declared_in(b"GPano:" * 300_000 + b"GPano:A = " * 100_000 + b"<" * 1_000_000)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    ("size", "choice", "projection"),
    [
        ((512, 256), "auto", "equirectangular"),
        ((512, 256), "perspective", "perspective"),
        ((128, 96), "auto", "perspective"),
        ((128, 96), "equirectangular", "equirectangular"),
    ],
)
def test_all_frames_of_a_film_have_one_projection(tmp_path, size, choice, projection) -> None:
    with open_film(write_film(tmp_path / "a.mp4", [0, 40], size=size)) as film:
        note = film.take_as(choice)
        assert [frame.projection for frame in film.frames()] == [projection] * 2
    assert ("twice as wide" in note) == (choice == "auto" and projection == "equirectangular")


def test_a_film_may_declare_itself_a_panorama(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [0, 40], size=(96, 64))
    declare_spherical(path)
    with open_film(path) as film:
        assert "its metadata say so" in film.take_as("auto")
        assert [frame.projection for frame in film.frames()] == ["equirectangular"] * 2


def test_what_is_live_is_a_panorama_only_if_that_is_said(tmp_path: Path) -> None:
    with open_film(write_film(tmp_path / "a.mp4", [0, 40], size=(512, 256))) as film:
        film.live = True
        assert (film.take_as("auto"), film.projection) == ("", "perspective")
        film.take_as("equirectangular")
        assert film.projection == "equirectangular"


def test_the_first_picture_of_a_folder_declares_its_film(tmp_path: Path) -> None:
    write(tmp_path / "1.jpg", (90, 45), DECLARED)
    with open_film(tmp_path) as film:
        assert film.take_as("auto")
        assert film.projection == "equirectangular"
