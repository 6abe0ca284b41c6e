"""Pictures read from every kind of file that users have, and refused when they are broken."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from sightline.media import image as media
from sightline.media.film import find_films
from sightline.media.image import (
    LONGEST_JPEG,
    ImageError,
    find_images,
    read_depth,
    read_image,
    write_image,
)


def gradient(width=24, height=16):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, 255 - x], -1).astype(np.uint8))


def as_tensor(picture):
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "gif", "webp", "tif"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_common_files_give_the_pixels_of_pillow(tmp_path, suffix, mode):
    path = tmp_path / f"a.{suffix}"
    gradient().convert(mode).save(path)
    image = read_image(path)
    assert image.dtype == torch.uint8
    assert torch.equal(image, as_tensor(Image.open(path)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_every_exif_orientation_is_turned_upright(tmp_path, suffix, orientation):
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    gradient().save(path, exif=exif)
    assert torch.equal(read_image(path), as_tensor(ImageOps.exif_transpose(Image.open(path))))


def test_a_phone_picture_taken_upright_is_read_upright(tmp_path):
    stored = np.zeros((16, 32, 3), np.uint8)
    stored[:, :8] = 255  # the sensor's left edge is the top of a picture with orientation 6
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=100)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape == (3, 32, 16)
    assert image[:, :6].float().mean() > 250
    assert image[:, 10:].float().mean() < 5


def test_a_palette_picture_gives_its_colours(tmp_path):
    picture = gradient().quantize(200)
    picture.save(tmp_path / "a.png")
    assert torch.equal(read_image(tmp_path / "a.png"), as_tensor(picture))


def test_transparency_is_laid_over_white(tmp_path):
    Image.new("RGBA", (2, 2), (200, 100, 0, 51)).save(tmp_path / "a.png")  # 51 / 255 = a fifth
    pixel = read_image(tmp_path / "a.png")[:, 0, 0]
    assert pixel.tolist() == [244, 224, 204]


def test_a_transparent_colour_of_an_rgb_file_is_white(tmp_path):
    Image.new("RGB", (2, 2), (9, 9, 9)).save(tmp_path / "a.png", transparency=(9, 9, 9))
    assert (read_image(tmp_path / "a.png") == 255).all()


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path, suffix):
    values = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    image = read_image(tmp_path / f"a.{suffix}")
    assert image[:, 0].tolist() == [[0, 0, 1, 1, 128, 255]] * 3


def test_a_cmyk_jpeg_has_the_colours_that_went_in(tmp_path):
    Image.new("RGB", (16, 16), (250, 20, 20)).convert("CMYK").save(tmp_path / "a.jpg", quality=100)
    red, green, blue = read_image(tmp_path / "a.jpg").float().mean((1, 2))
    assert red > 240
    assert green < 30
    assert blue < 30


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read_image(tmp_path / "a.gif")[:, 0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.gif", "a.webp", "a.tif"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_file_cut_short_is_refused(tmp_path, name, kept):
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    path = tmp_path / name
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    with pytest.raises(ImageError, match=name):
        read_image(path)


def test_a_progressive_jpeg_cut_short_is_refused(tmp_path):
    path = tmp_path / "a.jpg"
    gradient(200, 200).save(path, progressive=True)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImageError, match="damaged or cut short"):
        read_image(path)


def was_read(path):
    try:
        return read_image(path).shape[0] == 3
    except ImageError:
        return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.gif"])
def test_random_damage_is_read_or_refused_and_nothing_else(tmp_path, name):
    random = np.random.default_rng(0)
    gradient().save(tmp_path / name)
    whole = np.fromfile(tmp_path / name, np.uint8)
    outcomes = []
    for _ in range(40):
        damaged = whole.copy()
        damaged[random.integers(0, len(whole), 8)] = random.integers(0, 255, 8, np.uint8)
        damaged.tofile(tmp_path / "damaged")
        outcomes.append(was_read(tmp_path / "damaged"))
    assert not all(outcomes)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"not a picture at all", "no picture")]
)
def test_a_file_that_is_no_picture_is_named_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "notes.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=rf"notes\.jpg: .*{reason}"):
        read_image(path)


def test_a_folder_and_a_missing_file_are_image_errors_too(tmp_path):
    with pytest.raises(ImageError, match="folder"):
        read_image(tmp_path)
    with pytest.raises(ImageError, match="no such file"):
        read_image(tmp_path / "gone.png")


def test_formats_that_start_other_programs_are_refused(tmp_path):
    gradient().save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="not one of"):
        read_image(tmp_path / "a.jpg")


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    gradient().save(tmp_path / "a.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageError, match="MAX_IMAGE_PIXELS"):
        read_image(tmp_path / "a.jpg")


def test_a_float_picture_is_refused_with_advice(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ImageError, match="save it with 8 or 16 bits"):
        read_image(tmp_path / "a.tif")


def test_sixteen_bit_depth_is_divided_by_65535(tmp_path):
    Image.fromarray(np.array([[0, 1000, 65535]], np.uint16)).save(tmp_path / "d.png")
    depth = read_depth(tmp_path / "d.png")
    assert depth.dtype == torch.float32
    torch.testing.assert_close(depth, torch.tensor([[[0.0, 1000 / 65535, 1.0]]]))


def test_eight_bit_depth_is_divided_by_255(tmp_path):
    Image.fromarray(np.array([[0, 51, 255]], np.uint8)).save(tmp_path / "d.png")
    torch.testing.assert_close(read_depth(tmp_path / "d.png"), torch.tensor([[[0.0, 0.2, 1.0]]]))


def test_a_coloured_depth_map_is_refused(tmp_path):
    gradient().save(tmp_path / "d.png")
    with pytest.raises(ImageError, match="grey"):
        read_depth(tmp_path / "d.png")


def test_a_thirty_two_bit_depth_map_is_refused(tmp_path):
    Image.fromarray(np.array([[0, 70000]], np.int32)).save(tmp_path / "d.tif")
    with pytest.raises(ImageError, match="32-bit"):
        read_depth(tmp_path / "d.tif")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "more [1]").mkdir()
    for name in ("10.jpg", "2.PNG", "more [1]/3.jpeg", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_gives_its_own_pictures_in_natural_order(folder):
    assert names(find_images(folder), folder) == ["2.PNG", "10.jpg"]


def test_a_folder_with_brackets_in_its_name_is_no_pattern(folder):
    assert names(find_images(folder / "more [1]"), folder) == ["more [1]/3.jpeg"]


def test_a_double_star_reaches_into_sub_folders(folder):
    found = names(find_images(f"{folder}/**"), folder)
    assert found == ["2.PNG", "10.jpg", "more [1]/3.jpeg"]


def test_a_pattern_takes_what_it_matches(folder):
    assert names(find_images(f"{folder}/1*"), folder) == ["10.jpg"]


def test_results_beside_their_sources_are_not_taken_for_sources(tmp_path):
    results = ["pano.jpg.gaze.jpg", "pano.jpg.gaze.views.jpg", "film.mp4.gaze.people.jpg"]
    results += ["film.mp4.gaze.parts/00000.jpg", "frames.gaze.people.jpg", "0.gaze.mp4"]
    (tmp_path / "film.mp4.gaze.parts").mkdir()
    own = ["my.gaze.jpg", "pano.jpg"]
    for name in [*results, *own, "frames.gaze.run.json", "0.gaze.run.json", "film.mp4"]:
        (tmp_path / name).touch()
    assert names(find_images(tmp_path), tmp_path) == own
    assert names(find_images(f"{tmp_path}/**"), tmp_path) == own
    assert find_films(f"{tmp_path}/**") == [str(tmp_path / "film.mp4")]


def test_a_single_file_is_taken_whatever_its_name(folder):
    assert find_images(folder / "notes.txt") == [folder / "notes.txt"]


@pytest.mark.parametrize("source", ["gone", "*.tiff", "empty"])
def test_finding_nothing_is_an_error_that_names_the_source(tmp_path, source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=source.replace("*", r"\*")):
        find_images(tmp_path / source)


def test_a_png_comes_back_as_it_was_written(tmp_path):
    image = as_tensor(gradient())
    write_image(tmp_path / "a.png", image)
    assert torch.equal(read_image(tmp_path / "a.png"), image)


def test_a_jpeg_comes_back_nearly_as_it_was_written(tmp_path):
    image = as_tensor(gradient(64, 64))
    write_image(tmp_path / "a.JPG", image)
    assert (read_image(tmp_path / "a.JPG").float() - image).abs().mean() < 3


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(self, data):
        with self.open("wb") as file:
            file.write(bytes(data)[:5])
        raise OSError("No space left on device")

    monkeypatch.setattr(media.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_image(path, as_tensor(gradient()))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_png_and_jpeg_are_written(tmp_path):
    with pytest.raises(ValueError, match=r"\.png"):
        write_image(tmp_path / "a.gif", as_tensor(gradient()))


def test_a_picture_too_long_for_a_jpeg_is_refused_and_does_not_end_the_process(tmp_path):
    long = torch.zeros(3, 1, LONGEST_JPEG + 1, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"a\.jpg: a JPEG has at most 65500 .* 65501 x 1;"):
        write_image(tmp_path / "a.jpg", long)
    write_image(tmp_path / "a.jpg", long[..., 1:])
    write_image(tmp_path / "a.png", long)


def test_a_float_picture_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="uint8"):
        write_image(tmp_path / "a.png", torch.zeros(3, 4, 4))
