"""Films as pictures with numbers and times, however broken the film is."""

import math
import socket
import sys
import threading
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import torch

from sightline.media.film import FilmError, is_film, open_film
from sightline.media.image import write_image
from small_films import grey_of, packets_of, ruin, write_film

LONG = {"codec": "libx264", "preset": "ultrafast", "bf": "3", "g": "40", "keyint_min": "40"}


def read(source, rate=25.0, **how):
    with open_film(source, rate=rate) as film:
        return list(film.frames(**how))


def places(frames):
    return [(frame.index, frame.time) for frame in frames]


def greys(frames):
    return [int(frame.image.float().mean().round()) for frame in frames]


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """130 pictures at uneven times, with B-frames and key frames 40 pictures apart."""
    gaps = np.random.default_rng(0).integers(5, 120, 130)
    return write_film(
        tmp_path_factory.mktemp("long") / "film.mp4", np.cumsum(gaps).tolist(), **LONG
    )


def test_the_times_of_a_variable_frame_rate_are_exact_and_begin_at_zero(tmp_path):
    stamps = [700, 740, 741, 900, 2300, 2304]
    frames = read(write_film(tmp_path / "film.mp4", stamps))
    assert places(frames) == [(i, (stamp - 700) / 1000) for i, stamp in enumerate(stamps)]
    assert np.abs(np.subtract(greys(frames), [grey_of(i) for i in range(6)])).max() <= 4


@pytest.mark.parametrize("name", ["film.mkv", "film.avi", "film.mov", "film.ts"])
def test_other_containers_give_the_same_times(tmp_path, name):
    frames = read(write_film(tmp_path / name))
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(10)], abs=1e-3)


def test_a_film_without_time_stamps_runs_at_its_rate(tmp_path):
    path = write_film(tmp_path / "film.h264", **LONG)
    with open_film(path) as film:
        assert places(film.frames()) == [(i, pytest.approx(i / 25)) for i in range(10)]
        assert places(film.frames(start=0.2)) == [(i, pytest.approx(i / 25)) for i in range(5, 10)]
        assert film.faults == []


def test_a_film_says_what_its_header_says(tmp_path):
    with open_film(write_film(tmp_path / "film.mp4")) as film:
        assert (film.size, film.rate, film.frames_expected, film.live) == ((64, 48), 25, 10, False)
        assert film.duration == pytest.approx(0.4)


def test_a_film_can_be_read_twice(tmp_path):
    with open_film(write_film(tmp_path / "film.mp4")) as film:
        assert places(film.frames()) == places(film.frames())


def test_a_film_of_one_picture_is_a_film(tmp_path):
    frames = read(write_film(tmp_path / "film.mp4", [0]))
    assert places(frames) == [(0, 0.0)]


@pytest.mark.parametrize(("name", "codec"), [("film.mkv", "ffv1"), ("film.avi", "mjpeg")])
def test_odd_sizes_are_read_whole(tmp_path, name, codec):
    path = tmp_path / name
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=25, width=51, height=37)
        stream.pix_fmt = "yuvj444p" if codec == "mjpeg" else "yuv444p"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((37, 51, 3), 90, np.uint8))))
        film.mux(stream.encode(None))
    (frame,) = read(path)
    assert frame.image.shape == (3, 37, 51)
    assert (frame.image.int() - 90).abs().max() <= 2


@pytest.mark.parametrize("pix_fmt", ["gray", "yuv420p10le", "yuv422p", "bgr0"])
def test_every_pixel_format_becomes_rgb(tmp_path, pix_fmt):
    colour = np.full((48, 64, 3), 120 if pix_fmt == "gray" else [200, 100, 40], np.uint8)
    with av.open(str(tmp_path / "film.mkv"), "w") as film:
        stream = film.add_stream("ffv1", rate=25, width=64, height=48, pix_fmt=pix_fmt)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(colour).reformat(format=pix_fmt)))
        film.mux(stream.encode(None))
    (frame,) = read(tmp_path / "film.mkv")
    assert frame.image.dtype == torch.uint8
    assert np.abs(frame.image.permute(1, 2, 0).numpy() - colour.astype(int)).max() <= 3


@pytest.mark.skipif(
    not hasattr(av.VideoStream, "set_display_rotation"), reason="PyAV before 17.1 cannot turn films"
)
@pytest.mark.parametrize("turn", [90, 180, -90])
def test_a_turned_film_is_read_upright(tmp_path, turn):
    path, pixels = tmp_path / "film.mp4", np.zeros((48, 64, 3), np.uint8)
    pixels[:16, :16] = 255  # white in the corner of the stored picture at the top left
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=25, width=64, height=48)
        stream.set_display_rotation(turn)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        film.mux(stream.encode(None))
    with open_film(path) as film:
        (frame,) = film.frames()
        assert film.size == ((64, 48) if turn == 180 else (48, 64))
    upright = np.rot90(pixels, turn // 90)  # counter-clockwise, as FFmpeg counts
    assert np.abs(frame.image.permute(1, 2, 0).numpy() - upright.astype(int)).mean() < 3


@pytest.mark.parametrize(
    ("tag", "size", "space"),
    [
        (1, (64, 48), "ITU709"),
        (6, (64, 48), "ITU601"),
        (0, (64, 48), "ITU601"),
        (6, (1280, 720), "ITU601"),
        (0, (1280, 720), "ITU709"),
    ],
)
def test_colours_follow_the_tag_and_else_the_size(tmp_path, tag, size, space):
    colour = torch.tensor([30, 200, 90], dtype=torch.uint8)
    pixels = colour.expand(size[1], size[0], 3).contiguous().numpy()
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "5"})
        stream.width, stream.height = size
        if tag:
            stream.codec_context.colorspace = tag
        frame = av.VideoFrame.from_ndarray(pixels)
        film.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=space)))
        film.mux(stream.encode(None))
    (frame,) = read(path)
    assert (frame.image.flatten(1).float().mean(1) - colour).abs().max() < 3


def test_reading_from_a_pictures_time_gives_the_tail_of_the_film(long_film):
    whole = read(long_film)
    assert len(whole) == 130
    for first in (1, 39, 40, 41, 79, 80, 100, 129):
        tail = read(long_film, start=whole[first].time)
        assert places(tail) == places(whole[first:])
        assert all(torch.equal(a.image, b.image) for a, b in zip(tail, whole[first:], strict=True))


def test_a_transport_stream_with_open_groups_is_read_on_exactly(tmp_path):
    path = write_film(
        tmp_path / "film.ts", range(0, 4000, 40), **LONG | {"x264-params": "open-gop=1"}
    )
    whole = read(path)
    assert len(whole) == 100
    for first in (38, 40, 85):
        assert places(read(path, start=whole[first].time)) == places(whole[first:])


def test_start_is_in_and_end_is_out(long_film):
    whole = read(long_film)
    part = read(long_film, start=whole[50].time, end=whole[53].time)
    assert places(part) == places(whole[50:53])
    assert read(long_film, start=whole[-1].time + 0.01) == []


@pytest.mark.parametrize("how", [{"stride": 7}, {"fps": 3.0}, {"fps": 8.7}, {"fps": 1000.0}])
def test_what_is_taken_does_not_depend_on_where_reading_begins(long_film, how):
    taken = read(long_film, **how)
    for number in (1, len(taken) // 2, len(taken) - 1):
        start = taken[number].time
        assert places(read(long_film, start=start, **how)) == places(taken[number:])
        assert places(read(long_film, start=start + 1e-4, **how)) == places(taken[number + 1 :])


def test_fps_takes_the_first_picture_at_or_after_each_beat(long_film):
    times = np.array([frame.time for frame in read(long_film)])
    beats = np.arange(0, times[-1], 0.25)
    expected = sorted({int(np.argmax(times >= beat)) for beat in beats})
    assert [frame.index for frame in read(long_film, fps=4)] == expected


@pytest.mark.parametrize(
    "how",
    [{"start": -1}, {"start": 2, "end": 1}, {"stride": 0}, {"fps": 0}, {"fps": 2, "stride": 2}],
)
def test_a_wrong_choice_is_refused_at_once(long_film, how):
    with open_film(long_film) as film, pytest.raises(ValueError, match=r"[Gg]ive|must be"):
        film.frames(**how)


def test_ruined_pictures_in_the_middle_are_left_out_and_told(tmp_path):
    path = write_film(tmp_path / "film.mp4", range(0, 4000, 40), **LONG)
    lost = sorted(ruin(path, [50, 51, 52]))
    with open_film(path) as film:
        frames = list(film.frames())
        (fault,) = film.faults
    unit = max(stamp for stamp, _, _ in packets_of(path)) / 3960
    numbers = [round(stamp / unit / 40) for stamp in lost]
    assert [frame.index for frame in frames] == [i for i in range(100) if i not in numbers]
    assert [frame.time for frame in frames] == [frame.index / 25 for frame in frames]
    assert fault.startswith("3 pictures from")
    assert fault.endswith("could not be decoded.")
    assert places(read(path, start=2.8)) == places(f for f in frames if f.time >= 2.8)


def test_a_ruined_beginning_is_told_and_times_begin_with_the_first_picture(tmp_path):
    path = write_film(tmp_path / "film.mp4", range(0, 4000, 40), **LONG)
    ruin(path, range(40))
    with open_film(path) as film:
        for _ in range(2):
            assert places(film.frames()) == [(i, pytest.approx(i / 25)) for i in range(60)]
            assert film.faults == ["40 pictures at the beginning could not be decoded."]


def test_a_film_cut_short_says_where(tmp_path):
    path = write_film(tmp_path / "film.mkv", range(0, 4000, 40), **LONG)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_film(path) as film:
        frames = list(film.frames())
        assert 10 < len(frames) < 90
        assert any("breaks off" in fault and "lasts 4.000 s" in fault for fault in film.faults)


def test_recordings_put_one_after_the_other_go_on(tmp_path):
    part = write_film(tmp_path / "part.ts", range(0, 4000, 40), **LONG)
    (tmp_path / "film.ts").write_bytes(part.read_bytes() * 2)
    with open_film(tmp_path / "film.ts") as film:
        frames = list(film.frames())
        assert any("jump back" in fault for fault in film.faults)
    assert [frame.index for frame in frames] == list(range(200))
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(200)])
    assert places(read(tmp_path / "film.ts", start=6)) == places(frames[150:])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"no film " * 99, "no film"), (b"\0" * 999, "no film")],
)
def test_no_film_is_one_error(tmp_path, content, message):
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(FilmError, match=message):
        open_film(tmp_path / "film.mp4")


def test_a_missing_film_is_told_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_film(tmp_path / "film.mp4")


def test_sound_alone_is_no_film(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as sound:
        stream = sound.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        sound.mux(stream.encode(frame))
        sound.mux(stream.encode(None))
    with pytest.raises(FilmError, match="no moving pictures"):
        open_film(tmp_path / "sound.mp4")


def test_a_folder_of_pictures_is_a_film(tmp_path):
    for number in (10, 9, 8):
        write_image(tmp_path / f"{number}.png", torch.full((3, 6, 8), number, dtype=torch.uint8))
    (tmp_path / "9.png").write_bytes(b"broken")
    with open_film(tmp_path, rate=10) as film:
        frames = list(film.frames())
        assert (film.size, film.duration, film.frames_expected) == ((8, 6), 0.3, 3)
        assert ["9.png" in fault for fault in film.faults] == [True]
    assert [(frame.name, frame.index, frame.time) for frame in frames] == [
        (str(tmp_path / "8.png"), 0, 0.0),
        (str(tmp_path / "10.png"), 2, 0.2),
    ]
    assert places(read(tmp_path, rate=10, start=0.2)) == [(2, 0.2)]


def test_a_picture_of_another_size_is_left_out_of_a_folder(tmp_path):
    for name, width in (("1.png", 8), ("2.png", 9), ("3.png", 8)):
        write_image(tmp_path / name, torch.zeros(3, 6, width, dtype=torch.uint8))
    with open_film(tmp_path) as film:
        assert [frame.index for frame in film.frames()] == [0, 2]
        assert "9x6" in film.faults[0]


@pytest.fixture
def stream(tmp_path):
    """The address of a stream that sends a film once and ends suddenly."""
    content = write_film(tmp_path / "film.ts", range(0, 4000, 40), **LONG).read_bytes()
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        with connection:
            connection.sendall(content[: len(content) * 2 // 3])

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    thread.join()
    server.close()


def test_a_stream_that_ends_ends_the_film_with_a_fault(stream):
    with open_film(stream) as film:
        frames = list(film.frames())
        assert film.live
        assert (film.duration, film.frames_expected) == (None, None)
        assert any("stream ended" in fault for fault in film.faults)
    assert 40 < len(frames) < 90
    assert [frame.time for frame in frames] == pytest.approx([i / 25 for i in range(len(frames))])


def test_a_stream_can_be_left_at_any_time(stream):
    with open_film(stream) as film:
        assert places(islice(film.frames(), 2)) == [(0, 0.0), (1, pytest.approx(0.04))]


def test_a_stream_that_is_not_there_is_one_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FilmError, match="refused"):
        open_film(f"tcp://127.0.0.1:{port}")


def test_a_camera_is_read_until_it_stops(tmp_path):
    from sightline.media.camera import CameraFilm

    with CameraFilm.open(str(write_film(tmp_path / "film.avi"))) as film:
        frames = list(film.frames())
        assert film.live
        assert "stopped" in film.faults[0]
    assert [frame.index for frame in frames] == list(range(10))
    assert all(a.time < b.time for a, b in pairwise(frames))
    assert np.abs(np.subtract(greys(frames), [grey_of(i) for i in range(10)])).max() <= 3


@pytest.mark.parametrize("said", [-1.0, 0.0, math.nan])
def test_a_camera_whose_driver_does_not_know_its_rate_has_none(monkeypatch, said):
    from sightline.media.camera import CameraFilm

    cv2 = pytest.importorskip("cv2")
    picture = np.zeros((48, 64, 3), np.uint8)
    camera = SimpleNamespace(read=lambda: (True, picture), get=lambda _: said, release=lambda: None)
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: camera)
    with CameraFilm.open(0) as film:
        assert film.rate is None


def test_films_are_told_from_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_film(tmp_path / "film.mp4").rename(tmp_path / "film.dat")
    write_image(tmp_path / "picture.png", torch.zeros(3, 6, 8, dtype=torch.uint8))
    (tmp_path / "picture.png").rename(tmp_path / "picture")
    (tmp_path / "notes.txt").write_text("nothing moves\n" * 100)
    (tmp_path / "7").mkdir()
    for source in ("film.dat", "a.MP4", "0", "camera:1", "rtsp://camera/1", Path("x/y.mkv")):
        assert is_film(source), source
    for source in ("picture", "notes.txt", "7", "a.jpg", "missing", "C:/a.png", "*.png"):
        assert not is_film(source), source


def test_the_way_to_get_pyav_is_told(tmp_path, monkeypatch):
    path = write_film(tmp_path / "film.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r"pip install 'sightline\[video\]'"):
        open_film(path)


def test_the_first_picture_is_zero_also_where_the_clock_is_not():
    from sightline.media.clock import Clock
    from sightline.media.faults import Faults

    faults = Faults()
    clock = Clock(Fraction(1, 10), 0.1, faults)
    assert [clock.place(stamp) for stamp in (50, 51, 51, None)] == [
        (0, 0.0),
        (1, 0.1),
        (2, pytest.approx(0.101)),
        (3, pytest.approx(0.201)),
    ]
    assert faults.sentences() == [
        "The picture at 0.101 s came with a time stamp that did not rise.",
        "The picture at 0.201 s came without a time stamp.",
    ]
