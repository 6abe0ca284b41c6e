"""`sightline predict film.mp4` as a user meets it: odd films, breaks, corrections."""

import csv
import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.cli import films, run
from sightline.cli.predict import Predict
from sightline.films import parts, watch
from sightline.films.sources import objects_of, people_of
from sightline.gaze import Gaze
from sightline.media.film import Frame, open_film
from sightline.media.film_writer import FilmWriter
from sightline.models import create
from sightline.models.weights import save_weights

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
TIMES = [0.0, 0.04, 0.09, 0.1, 0.3, 0.34, 0.38, 0.5, 0.54, 0.58, 0.62, 0.66]  # uneven
END = 0.75


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    for name in ("pdp-nodepth", "pdp-video-nodepth"):
        save_weights(create(name, **TINY), folder / name, name=name)
    return {name: folder / name for name in ("pdp-nodepth", "pdp-video-nodepth")}


def write_film(path: Path, times: Sequence[float] = TIMES, size=(64, 48), end: float = END) -> Path:
    random = np.random.default_rng(0)
    writer = FilmWriter(path, size)
    for time in times:
        pixels = random.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        writer.write(torch.from_numpy(pixels).permute(2, 0, 1), time)
    writer.close(end)
    return path


def write_heads(path: Path, people: dict[int, Sequence[int]]) -> Path:
    """Heads by person: the frames that each is in."""
    rows = [["frame", "person", "x_min", "y_min", "x_max", "y_max"]]
    for person, frames in people.items():
        left = 2 + 5 * (person % 10)
        rows += [[frame, person, left, 5, left + 10, 17] for frame in frames]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    write_heads(tmp_path / "heads.csv", {0: range(12), 1: [*range(3), *range(6, 10)]})
    return write_film(tmp_path / "film.mp4")


def predict(film: Path, weights: dict[str, Path], *words: str, out: str = "out") -> int:
    model = "pdp-video-nodepth" if "--video-model" in words else "pdp-nodepth"
    options = ["--model", model, "--weights", str(weights[model]), "--precision", "float32"]
    heads = ["--heads", str(film.parent / "heads.csv"), "--out", str(film.parent / out)]
    more = [word for word in words if word != "--video-model"]
    return run(["predict", str(film), *options, *heads, *more])


def results(film: Path, kind: str, out: str = "out") -> Path:
    return film.parent / out / f"{film.name}.gaze.{kind}"


def table(film: Path, out: str = "out") -> list[dict[str, str]]:
    with results(film, "csv", out).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines(film: Path, out: str = "out") -> list[dict]:
    return [json.loads(line) for line in results(film, "jsonl", out).read_text().splitlines()]


def note(film: Path, out: str = "out") -> dict:
    return json.loads(results(film, "run.json", out).read_text())


def times_of(path: Path) -> list[float]:
    with open_film(path) as opened:
        return [frame.time for frame in opened.frames()]


def test_a_film_gives_table_lines_sheet_note_and_a_film_of_the_same_times(film, weights, capsys):
    assert predict(film, weights, "--parquet") == 0
    assert "12 frames, 2 people" in capsys.readouterr().out
    rows = table(film)
    assert [int(row["frame"]) for row in rows if row["track"] == "0"] == list(range(12))
    assert [int(row["frame"]) for row in rows if row["track"] == "1"] == [0, 1, 2, 6, 7, 8, 9]
    times = {int(row["frame"]): float(row["time"]) for row in rows}
    assert list(times.values()) == pytest.approx(TIMES, abs=1e-5)
    assert all(0 <= float(row["inside"]) <= 1 and row["heatmap_entropy"] for row in rows)

    with open_film(results(film, "mp4")) as drawn:
        assert drawn.duration == pytest.approx(END, abs=1e-4)
        pictures = list(drawn.frames())
    assert [frame.time for frame in pictures] == pytest.approx(TIMES, abs=2e-5)
    with open_film(film) as source:
        change = [
            (a.image.float() - b.image.float()).abs().mean().item()
            for a, b in zip(source.frames(), pictures, strict=True)
        ]
    assert min(change) > 1  # something is drawn on every frame

    gazes = [Gaze.from_dict(line) for line in lines(film)]
    assert [gaze.time for gaze in gazes] == pytest.approx(TIMES, abs=1e-5)
    assert gazes[0].tracks is not None
    assert gazes[0].tracks.tolist() == [0, 1]
    assert len(Image.open(results(film, "people.jpg")).split()) == 3
    facts = note(film)
    assert facts["finished"]
    assert facts["origin"]["weights_sha256"]
    pandas = pytest.importorskip("pandas")
    parquet = pandas.read_parquet(results(film, "parquet"))
    assert parquet["time"].tolist() == [float(row["time"]) for row in rows]


def test_the_bar_is_not_part_of_the_output(film, weights, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert predict(film, weights, "--no-video") == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert "frames, " in said.err


def test_frames_without_people_have_a_row(film, weights):
    write_heads(film.parent / "heads.csv", {0: [1, 2]})
    assert predict(film, weights, "--no-video") == 0
    rows = table(film)
    assert len(rows) == 12
    assert [row["frame"] for row in rows if not row["person"]] == [
        str(i) for i in (0, *range(3, 12))
    ]
    assert not results(film, "mp4").exists()


@pytest.mark.parametrize("model", [(), ("--video-model",)])
def test_a_run_that_broke_off_goes_on_and_repeats_nothing(film, weights, model, monkeypatch):
    monkeypatch.setattr(watch, "PART", 5)
    assert predict(film, weights, *model, out="whole") == 0
    seen: list[int] = []
    break_at(monkeypatch, 7, seen)
    assert predict(film, weights, *model) == 1
    assert len(list(results(film, "parts").glob("*.json"))) == 1  # five frames are safe
    monkeypatch.undo()
    monkeypatch.setattr(watch, "PART", 5)
    read: list[int] = []
    note_frames(monkeypatch, read)
    assert predict(film, weights, *model, "--resume") == 0
    assert read == list(range(5, 12))
    assert lines(film) == lines(film, "whole")
    assert table(film) == table(film, "whole")
    assert times_of(results(film, "mp4")) == pytest.approx(TIMES, abs=2e-5)


def break_at(monkeypatch, frame: int, seen: list[int]) -> None:
    """Let the writing of a frame fail as a full disk would."""
    write = parts.PartWriter.add

    def add(self, one) -> None:
        if one.seen.frame.index == frame:
            raise OSError(errno.ENOSPC, "No space left on device")
        seen.append(one.seen.frame.index)
        write(self, one)

    monkeypatch.setattr(parts.PartWriter, "add", add)


def note_frames(monkeypatch, read: list[int]) -> None:
    find = watch.find_people

    def noting(frames, *rest):
        def noted():
            for frame in frames:
                read.append(frame.index)
                yield frame

        return find(noted(), *rest)

    monkeypatch.setattr(watch, "find_people", noting)


def test_a_full_disk_is_told_and_the_rest_kept(film, weights, monkeypatch, capsys):
    monkeypatch.setattr(watch, "PART", 5)
    break_at(monkeypatch, 11, [])
    assert predict(film, weights) == 1
    message = capsys.readouterr().err
    assert "no space left" in message
    assert "--resume" in message
    assert len(list(results(film, "parts").glob("*.json"))) == 2
    assert not list(film.parent.rglob("*.part*.mp4"))


@pytest.fixture
def heeding_ctrl_c():
    """Shells make jobs in the background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_ctrl_c")
def test_ctrl_c_leaves_a_film_that_plays_and_a_run_that_goes_on(film, weights, monkeypatch, capsys):
    assert predict(film, weights, out="whole") == 0
    write = parts.PartWriter.add

    def add(self, one) -> None:
        write(self, one)
        if one.seen.frame.index == 5:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(parts.PartWriter, "add", add)
    assert predict(film, weights) == 1
    assert "go on with --resume" in capsys.readouterr().err
    assert times_of(results(film, "mp4")) == pytest.approx(TIMES[:6], abs=2e-5)
    assert len(lines(film)) == 6
    assert not note(film)["finished"]
    monkeypatch.undo()
    assert predict(film, weights, "--resume") == 0
    assert times_of(results(film, "mp4")) == pytest.approx(TIMES, abs=2e-5)
    for line, whole in zip(lines(film), lines(film, "whole"), strict=True):  # in other batches
        assert np.allclose(line["inside"], whole["inside"], atol=1e-5)
        assert line["heads"] == whole["heads"]


def test_names_and_corrections_are_applied_again_without_the_network(film, weights, monkeypatch):
    assert predict(film, weights) == 0
    before = results(film, "mp4").read_bytes()

    def never(*_, **__):
        raise AssertionError("the network ran")

    monkeypatch.setattr("sightline.models.load", never)
    corrections = film.parent / "corrections.json"
    corrections.write_text(
        json.dumps(
            [
                {"do": "split", "track": 0, "at": 0.3, "into": 5},
                {"do": "drop", "track": 1, "to": 0.3},
                {"do": "rename", "track": 5, "name": "father"},
            ]
        )
    )
    again = ("--resume", "--corrections", str(corrections), "--names", "1=mother")
    assert predict(film, weights, *again) == 0
    who = {(row["track"], row["name"]) for row in table(film)}
    assert who == {("0", ""), ("5", "father"), ("1", "mother")}
    assert [int(row["frame"]) for row in table(film) if row["name"] == "mother"] == [6, 7, 8, 9]
    assert results(film, "mp4").read_bytes() != before
    assert times_of(results(film, "mp4")) == pytest.approx(TIMES, abs=2e-5)
    assert note(film)["identities"]["names"] == {"1": "mother", "5": "father"}
    drawn = results(film, "mp4").stat().st_mtime_ns
    assert predict(film, weights, *again) == 0
    assert results(film, "mp4").stat().st_mtime_ns == drawn  # nothing changed: not drawn again


def test_corrections_stay_until_others_are_given(film, weights, capsys):
    assert predict(film, weights, "--names", "1=mother", "7=nobody") == 0
    assert "track 7, which the film does not have" in capsys.readouterr().err
    assert predict(film, weights, "--resume") == 0
    assert {row["name"] for row in table(film)} == {"", "mother"}
    assert predict(film, weights, "--resume", "--names", "0=father") == 0
    assert {row["name"] for row in table(film)} == {"", "father"}


def test_names_of_a_live_film_that_was_not_drawn_reach_the_table(film, weights, capsys):
    assert predict(film, weights, "--no-video") == 0
    facts = note(film)
    facts["prediction"]["live"] = True  # as a camera's
    results(film, "run.json").write_text(json.dumps(facts))
    assert predict(film, weights, "--resume", "--names", "1=mother") == 0
    assert "there is no film" in capsys.readouterr().err
    assert {row["name"] for row in table(film)} == {"", "mother"}
    assert not results(film, "mp4").exists()


def test_a_merged_person_has_one_name_and_a_split_one_two(film, weights):
    heads = film.parent / "heads.csv"
    rows = [["frame", "person", "x_min", "y_min", "x_max", "y_max"]]
    people = ["ann"] * 4 + ["ben"] * 4 + ["eve"] * 4
    rows += [[frame, person, 5, 5, 20, 20] for frame, person in enumerate(people)]
    heads.write_text("\n".join(",".join(map(str, row)) for row in rows))
    merge = {"do": "merge", "track": 1, "into": 0}
    split = {"do": "split", "track": 2, "at": 0.6, "into": 5}
    (film.parent / "c.json").write_text(json.dumps([merge, split]))
    assert predict(film, weights, "--corrections", str(film.parent / "c.json")) == 0
    who = [(row["track"], row["name"]) for row in table(film)]
    assert who == [("0", "ann")] * 8 + [("2", "eve")] * 2 + [("5", "")] * 2
    assert Image.open(results(film, "people.jpg")).size[1] == 3 * 96  # a row for each of the three


def test_results_whose_parts_are_gone_are_not_replaced_silently(film, weights, capsys):
    assert predict(film, weights) == 0
    shutil.rmtree(results(film, "parts"))
    for words in ((), ("--resume",)):
        assert predict(film, weights, *words) == 2
        assert "--overwrite" in capsys.readouterr().err
    assert predict(film, weights, "--overwrite") == 0


def test_people_who_are_in_the_picture_together_cannot_be_merged(film, weights, capsys):
    assert predict(film, weights) == 0
    (film.parent / "c.json").write_text('[{"do": "merge", "track": 1, "into": 0}]')
    assert predict(film, weights, "--resume", "--corrections", str(film.parent / "c.json")) == 1
    assert "two people are both track 0 at 0.000 s" in capsys.readouterr().err
    assert {row["track"] for row in table(film)} == {"0", "1"}  # as before


def test_results_are_not_replaced_or_mixed_silently(film, weights, capsys):
    assert predict(film, weights) == 0
    assert predict(film, weights) == 2
    assert "--resume" in capsys.readouterr().err
    assert predict(film, weights, "--resume", "--stride", "2") == 2
    assert "another stride" in capsys.readouterr().err
    assert predict(film, weights, "--overwrite", "--stride", "2") == 0
    assert sorted({int(row["frame"]) for row in table(film)}) == [0, 2, 4, 6, 8, 10]


def test_a_part_of_a_film_at_a_lower_rate(film, weights):
    assert predict(film, weights, "--start", "0.09", "--end", "0.6", "--fps", "10") == 0
    times = [float(line["time"]) for line in lines(film)]
    assert times == pytest.approx([0.1, 0.3, 0.5], abs=1e-4)
    with open_film(results(film, "mp4")) as drawn:
        assert [frame.time for frame in drawn.frames()] == pytest.approx([0, 0.2, 0.4], abs=2e-5)
        assert drawn.duration == pytest.approx(0.5, abs=1e-3)


def test_a_time_span_without_pictures_is_an_error(film, weights, capsys):
    assert predict(film, weights, "--start", "5") == 1
    assert "no picture between --start and --end" in capsys.readouterr().err
    assert predict(film, weights) == 0  # nothing is in the way


def test_what_is_written_of_pictures_only_is_refused_for_a_film(film, weights, capsys):
    assert predict(film, weights, "--save-heatmaps") == 2
    assert f"--save-heatmaps: for pictures, and {film} is a film" in capsys.readouterr().err
    assert not (film.parent / "out").exists()


@pytest.mark.parametrize(
    "words", ["--end 0", "--start 1 --end 0.5", "--fps nan", "--stride 0", "--stride 2 --fps 5"]
)
def test_times_that_make_no_sense_are_wrong_usage_and_leave_nothing(film, weights, capsys, words):
    assert predict(film, weights, *words.split()) == 2
    assert "ive " in capsys.readouterr().err  # what to give instead
    assert not (film.parent / "out").exists()


@pytest.mark.parametrize("people", [0, 1, 12])
@pytest.mark.parametrize("frames", [1, 4])
def test_odd_films_and_any_number_of_people(tmp_path, weights, people, frames):
    film = write_film(tmp_path / "odd.mp4", TIMES[:frames], size=(63, 47), end=0.2)
    far_away = {99: [999]}  # a file of heads must not be empty
    write_heads(tmp_path / "heads.csv", {p: range(frames) for p in range(people)} | far_away)
    assert predict(film, weights, "--video-model") == 0
    assert len(table(film)) == max(people, 1) * frames
    with open_film(results(film, "mp4")) as drawn:
        assert drawn.size == (64, 48)
        assert len(list(drawn.frames())) == frames


def test_a_damaged_film_gives_what_can_be_read_and_says_what_cannot(film, weights, capsys):
    content = bytearray(film.read_bytes())
    begin = content.index(b"mdat") + len(content) // 2
    content[begin : begin + 400] = bytes(400)
    film.write_bytes(content)
    assert predict(film, weights) == 0
    assert 1 <= len(lines(film)) <= 12
    faults = note(film)["faults"]
    assert faults
    assert faults[0] in capsys.readouterr().err


def test_a_folder_of_frames_is_a_film_when_asked(film, weights):
    folder = film.parent / "frames"
    folder.mkdir()
    with open_film(film) as opened:
        for frame in opened.frames():
            pixels = frame.image.permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(folder / f"{100 + frame.index}.png")
    assert predict(folder, weights, "--as-film", "--rate", "10") == 0
    assert [line["time"] for line in lines(folder)] == pytest.approx([i / 10 for i in range(12)])


@pytest.mark.parametrize("folder", ["", "clip/"])
def test_files_may_name_the_frames_of_a_folder_with_the_folder(tmp_path, folder):
    (tmp_path / "clip").mkdir()
    names = ["clip/7.png", "clip/8.png"]
    for name in names:
        Image.new("RGB", (64, 48)).save(tmp_path / name)
    given = [folder + Path(name).name for name in names]
    boxes = "".join(f"{name},5,5,20,20\n" for name in given)
    (tmp_path / "heads.csv").write_text("image,x_min,y_min,x_max,y_max\n" + boxes)
    cups = "".join(f"{name},5,5,20,20,cup\n" for name in given)
    (tmp_path / "objects.csv").write_text("image,x_min,y_min,x_max,y_max,label\n" + cups)
    with open_film(tmp_path / "clip") as opened:
        people = people_of(opened, tmp_path / "heads.csv")
        things = objects_of(opened, tmp_path / "objects.csv", method=None)
        frames = list(opened.frames())
        assert [len(people.heads(frame)) for frame in frames] == [1, 1]
        assert [len(things.within(frame) or []) for frame in frames] == [1, 1]


def test_a_folder_of_frames_that_grew_is_not_finished(tmp_path, weights, capsys):
    folder = tmp_path / "clip"
    folder.mkdir()
    for number in (1, 2):
        Image.new("RGB", (64, 48)).save(folder / f"{number}.png")
    write_heads(tmp_path / "heads.csv", {0: [0, 1]})
    assert predict(folder, weights, "--as-film", "--no-video") == 0
    older = note(folder)
    assert older["origin"].pop("number of pictures") == 2
    Image.new("RGB", (64, 48)).save(folder / "3.png")
    assert predict(folder, weights, "--as-film", "--no-video", "--resume") == 2
    assert "another number of pictures" in capsys.readouterr().err
    results(folder, "run.json").write_text(json.dumps(older))  # of before they were counted
    assert predict(folder, weights, "--as-film", "--no-video", "--resume") == 0


def test_of_several_films_a_broken_one_costs_the_others_nothing(film, weights, capsys):
    (film.parent / "broken.mp4").write_bytes(b"no film")
    heads = str(film.parent / "heads.csv")
    words = ["--model", "pdp-nodepth", "--weights", str(weights["pdp-nodepth"])]
    out = film.parent / "all"
    assert run(["predict", str(film.parent), *words, "--heads", heads, "--out", str(out)]) == 1
    assert (out / "film.mp4.gaze.csv").exists()
    assert "broken.mp4" in capsys.readouterr().err


def test_results_have_the_name_of_a_link_and_not_of_what_it_leads_to(tmp_path, monkeypatch):
    (tmp_path / "clip").mkdir()
    (tmp_path / "MD5-s99--d41d8.mp4").touch()
    (tmp_path / "ann.mp4").symlink_to(tmp_path / "MD5-s99--d41d8.mp4")
    monkeypatch.chdir(tmp_path / "clip")
    assert films._name(str(tmp_path / "ann.mp4")) == "ann.mp4"
    assert films._name("../ann.mp4") == "ann.mp4"
    assert films._name(".") == films._name("../clip/") == "clip"


def test_a_stop_ends_the_work_on_the_frames_before_the_film_is_closed(film, tmp_path):
    ended = []

    def frames():
        try:
            yield from range(9)
        finally:
            ended.append(True)

    def stop(_):
        raise KeyboardInterrupt

    seen = frames()
    results = SimpleNamespace(drawn=lambda seen: (one for one in seen), add=stop, next=None)
    with open_film(film) as opened, pytest.raises(KeyboardInterrupt):
        films._keep(seen, Predict(source=str(film)), opened, results)
    assert ended


def test_stream_is_lazy_and_gives_gaze_with_identity_and_time(film, weights, monkeypatch):
    import sightline

    read: list[int] = []
    note_frames(monkeypatch, read)
    model = sightline.load("pdp-nodepth", weights["pdp-nodepth"])
    gazes = sightline.stream(film, model, heads=film.parent / "heads.csv", stride=2)
    assert read == []
    first = next(gazes)
    assert (first.frame, first.time, first.tracks.tolist()) == (0, 0.0, [0, 1])
    assert [gaze.frame for gaze in gazes] == [2, 4, 6, 8, 10]


def test_a_film_of_frames_given_by_hand(weights):
    """The stages are ordinary generators: frames may come from anywhere."""
    from sightline import load
    from sightline.media.faults import Faults
    from sightline.media.heads import Heads

    frames = (Frame(torch.zeros(3, 48, 64, dtype=torch.uint8), i, i / 30) for i in range(3))

    def heads(_: Frame) -> Heads:
        return Heads(torch.tensor([[5.0, 5, 20, 20]]), torch.ones(1), tracks=torch.tensor([4]))

    model = load("pdp-nodepth", weights["pdp-nodepth"])
    seen = list(watch.watch(frames, model, watch.People(heads), Faults()))
    assert [one.gaze.tracks.tolist() for one in seen] == [[4]] * 3
