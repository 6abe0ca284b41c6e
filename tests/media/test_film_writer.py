"""Films that are written: times, colours, joining, and what happens when the disk is full."""

import errno
import resource
import signal

import av
import numpy as np
import pytest
import torch

from sightline.media.film import FilmError, open_film
from sightline.media.film_writer import TICK, FilmWriter, join_films

SIZE = (64, 48)


def pictures(count, size=SIZE, seed=0):
    """Smooth coloured pictures (count, 3, H, W), far from each other."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(60, 200, (count, 3, 4, 4), generator=generator, dtype=torch.float32)
    fine = torch.nn.functional.interpolate(coarse, size[::-1], mode="bilinear")
    return fine.round().to(torch.uint8)


def write(path, times, end, size=SIZE):
    with FilmWriter(path, size) as film:
        for image, time in zip(pictures(len(times), size), times, strict=True):
            film.write(image, time)
        film.close(end)
    return path


def stamps_of(path):
    """Stamps and durations of the packets in ticks, and the duration of the film in seconds."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        packets = [(p.pts, p.duration) for p in film.demux(stream) if p.size]
        assert stream.time_base == TICK
        return packets, float(stream.duration * TICK)


UNEVEN = [0, 0.04, 0.0411, 0.5, 0.5 + 1001 / 30000, 3.25]


def test_uneven_times_are_kept_to_a_tick_and_the_last_picture_lasts_to_the_end(tmp_path):
    packets, duration = stamps_of(write(tmp_path / "film.mp4", UNEVEN, 4.5))
    stamps = [round(time * 90000) for time in UNEVEN]
    assert [stamp for stamp, _ in packets] == stamps
    assert [lasting for _, lasting in packets] == np.diff([*stamps, 405000]).tolist()
    assert duration == 4.5


def test_a_written_film_is_read_back(tmp_path):
    with open_film(write(tmp_path / "film.mp4", UNEVEN, 4.5)) as film:
        frames = list(film.frames())
        assert film.duration == 4.5
        assert film.faults == []
    assert [frame.time for frame in frames] == pytest.approx(UNEVEN, abs=6e-6)
    read = torch.stack([frame.image for frame in frames])
    assert (read.int() - pictures(6)).abs().float().mean() < 4


@pytest.mark.parametrize("size", [SIZE, (1280, 720)])
def test_colours_are_tagged_and_kept(tmp_path, size):
    colours = torch.tensor([[200, 30, 40], [20, 180, 60], [10, 90, 220]], dtype=torch.uint8)
    with FilmWriter(tmp_path / "film.mp4", size) as film:
        for time, colour in enumerate(colours):
            film.write(colour[:, None, None].expand(3, *size[::-1]), time)
        film.close(3)
    with av.open(str(tmp_path / "film.mp4")) as film:
        frame = next(film.decode(video=0))
        assert (frame.colorspace, frame.color_range, frame.format.name) == (1, 1, "yuv420p")
    with open_film(tmp_path / "film.mp4") as film:
        read = torch.stack([frame.image.float().mean((1, 2)) for frame in film.frames()])
    assert (read - colours).abs().max() < 4


def test_odd_sides_are_made_even_by_repeating_the_border(tmp_path):
    with open_film(write(tmp_path / "film.mp4", [0, 0.1], 0.2, size=(51, 37))) as film:
        assert film.size == (52, 38)
        frames = torch.stack([frame.image for frame in film.frames()]).int()
    expected = torch.nn.functional.pad(pictures(2, (51, 37)).float(), (0, 1, 0, 1), "replicate")
    assert (frames - expected).abs().mean() < 4


def test_the_memory_order_of_a_picture_does_not_matter(tmp_path):
    image = pictures(1)[0]
    for name, picture in (
        ("planes.mp4", image.contiguous()),
        ("pixels.mp4", image.permute(1, 2, 0).contiguous().permute(2, 0, 1)),
    ):
        with FilmWriter(tmp_path / name, SIZE) as film:
            film.write(picture, 0)
            film.close(1)
    assert (tmp_path / "planes.mp4").read_bytes() == (tmp_path / "pixels.mp4").read_bytes()


def test_the_header_comes_first_so_that_a_browser_can_start(tmp_path):
    content = write(tmp_path / "film.mp4", UNEVEN, 4.5).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("time", [0, -0.4, 0.000001])
def test_times_that_do_not_rise_are_refused(tmp_path, time):
    with FilmWriter(tmp_path / "film.mp4", SIZE) as film:
        film.write(pictures(1)[0], 0)
        with pytest.raises(ValueError, match="times must rise"):
            film.write(pictures(1)[0], time)
        film.write(pictures(1)[0], 0.6)
        with pytest.raises(ValueError, match="times must rise"):
            film.close(0.6)
        film.close(0.7)
    assert stamps_of(tmp_path / "film.mp4")[0] == [(0, 54000), (54000, 9000)]


def test_a_picture_of_another_size_is_refused(tmp_path):
    with (
        FilmWriter(tmp_path / "film.mp4", SIZE) as film,
        pytest.raises(ValueError, match=r"shape \(3, 48, 64\), not \(3, 64, 48\)"),
    ):
        film.write(pictures(1)[0].mT, 0)


def test_a_film_without_pictures_is_refused(tmp_path):
    with FilmWriter(tmp_path / "film.mp4", SIZE) as film, pytest.raises(ValueError, match="one"):
        film.close(1)


def test_a_film_appears_complete_or_not_at_all(tmp_path):
    with FilmWriter(tmp_path / "film.mp4", SIZE) as film:
        for time in range(20):
            film.write(pictures(1)[0], time)
        assert not (tmp_path / "film.mp4").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(OSError, match="cannot be written: no such file or directory"):
        FilmWriter(tmp_path / "missing" / "film.mp4", SIZE)


@pytest.fixture
def small_disk():
    """No file may grow beyond 20 kB, as on a disk that is full."""
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path, small_disk):
    with pytest.raises(OSError, match=r"film\.mp4 cannot be written") as told:
        write(tmp_path / "film.mp4", range(200), 200)
    assert told.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


def test_parts_joined_have_the_times_pictures_and_duration_of_one_film(tmp_path):
    times = np.cumsum(np.random.default_rng(0).integers(300, 9000, 60)) / 90000
    times -= times[0]
    whole = write(tmp_path / "whole.mp4", times.tolist(), float(times[-1] + 1))
    parts, images = [], pictures(60)
    for number, rows in enumerate(np.split(np.arange(60), [25, 26])):
        path, offset = tmp_path / f"{number}.mp4", float(times[rows[0]])
        with FilmWriter(path, SIZE) as film:
            for row in rows:
                film.write(images[row], times[row] - offset)
            film.close((times[rows[-1] + 1] if rows[-1] < 59 else times[-1] + 1) - offset)
        parts.append((path, offset))
    join_films(parts, tmp_path / "joined.mp4")
    assert stamps_of(tmp_path / "joined.mp4") == stamps_of(whole)
    with open_film(tmp_path / "joined.mp4") as film:
        frames = torch.stack([frame.image for frame in film.frames()])
        assert film.faults == []
    assert (frames.int() - images).abs().float().mean() < 4
    content = (tmp_path / "joined.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_last_picture_of_a_part_lasts_until_the_next_part(tmp_path):
    parts = [(write(tmp_path / f"{i}.mp4", [0, 0.5], 1), 3.0 * i) for i in range(2)]
    join_films(parts, tmp_path / "joined.mp4")
    packets, duration = stamps_of(tmp_path / "joined.mp4")
    assert packets == [(0, 45000), (45000, 225000), (270000, 45000), (315000, 45000)]
    assert duration == 4


def test_parts_that_overlap_or_differ_are_refused_and_leave_nothing(tmp_path):
    one = write(tmp_path / "one.mp4", [0, 0.5], 1)
    other = write(tmp_path / "other.mp4", [0, 0.5], 1, size=(48, 64))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    for parts, message in (
        ([(one, 0), (one, 0.4)], "begins before"),
        ([(one, 0), (other, 1)], "differs"),
        ([(one, 0), (broken, 1)], "no film"),
    ):
        with pytest.raises(FilmError, match=message):
            join_films(parts, tmp_path / "joined.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {"one.mp4", "other.mp4", "broken.mp4"}


def test_a_full_disk_is_told_when_joining(tmp_path, request):
    part = write(tmp_path / "part.mp4", range(20), 20)
    request.getfixturevalue("small_disk")
    with pytest.raises(OSError, match=r"joined\.mp4 cannot be written"):
        join_films([(part, 100.0 * i) for i in range(9)], tmp_path / "joined.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["part.mp4"]
