"""Head boxes of films: which frame a row belongs to, and who it is."""

import json

import pytest

from sightline.media.filmheads import read_film_heads

HEADER = "frame,x_min,y_min,x_max,y_max,person\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="heads.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def left_edges(film, count, **more):
    """The left edges of the heads in the first frames, which tell the rows of a test apart."""
    return [film.of_frame(frame, **more).boxes[:, 0].tolist() for frame in range(count)]


def coco():
    images = [
        {"id": 8, "file_name": "shot/0007.jpg", "frame_id": 0},
        {"id": 9, "file_name": "shot/0008.jpg", "frame_id": 1},
    ]
    rows = [
        {"image_id": 9, "bbox": [2, 5, 20, 20], "track_id": 4},
        {"image_id": 8, "bbox": [1, 5, 20, 20], "track_id": 4},
    ]
    return {"images": images, "annotations": rows}


@pytest.mark.parametrize(
    "content",
    [
        "frame,x1,y1,x2,y2\n1,2,5,30,40\n0,1,5,30,40\n",
        "image,frame,x1,y1,x2,y2\nx9.jpg,0,1,5,30,40\nx3.jpg,1,2,5,30,40\n",
        "image,x1,y1,x2,y2\n0,1,5,30,40\n1,2,5,30,40\n",
        "0,1,5,30,40\n1,2,5,30,40\n",
        {"0": [[1, 5, 30, 40]], "1": [[2, 5, 30, 40]]},
        [{"frame": k, "x1": k + 1, "y1": 5, "x2": 30, "y2": 40} for k in range(2)],
        "1,3,1,5,30,40,1\n2,3,2,5,30,40,1\n",
        coco(),
        "00002575.jpg,1,5,30,40\n00002576.jpg,2,5,30,40\n",
        "image,x1,y1,x2,y2\nclip/frame_012.png,1,5,30,40\nclip/frame_013.png,2,5,30,40\n",
        "time,x1,y1,x2,y2\n0,1,5,30,40\n0.04,2,5,30,40\n",
    ],
    ids=[
        "frame",
        "frame-before-name",
        "number-as-name",
        "person",
        "json",
        "records",
        "mot",
        "coco",
        "numbered",
        "numbered-at-the-end",
        "time",
    ],
)
def test_every_form_gives_the_heads_of_the_first_two_frames(file, content):
    film = read_film_heads(file(content))
    found = [film.of_frame(frame, time=0.04 * frame).boxes[:, 0].tolist() for frame in range(3)]
    assert found == [[1], [2], []]


def test_the_number_of_the_first_picture_can_be_stated(file):
    rows = "2577.jpg,1,5,30,40\n2579.jpg,2,5,30,40\n"
    assert read_film_heads(file(rows)).first == 2577
    assert left_edges(read_film_heads(file(rows), first=2575), 5) == [[], [], [1], [], [2]]
    assert left_edges(read_film_heads(file("2,9,1,5,30,40\n"), first=0), 3) == [[], [], [1]]


def test_heads_before_a_stated_first_picture_are_left_out(file):
    film = read_film_heads(file("7.jpg,1,5,30,40\n8.jpg,2,5,30,40\n9.jpg,3,5,30,40\n"), first=8)
    assert left_edges(film, 3) == [[2], [3], []]


@pytest.mark.parametrize(("step", "expected"), [(0.04, [[], [1], []]), (0.2, [[1], [1], [2]])])
def test_a_time_belongs_to_the_frames_within_half_a_step(file, step, expected):
    film = read_film_heads(file("time,x1,y1,x2,y2\n1,1,5,30,40\n2,2,5,30,40\n"), step=step)
    assert [film.of_frame(0, time=t).boxes[:, 0].tolist() for t in (0.95, 1.019, 1.92)] == expected


def test_the_nearest_of_two_times_is_taken(file):
    film = read_film_heads(file("time,x1,y1,x2,y2\n0.98,1,5,30,40\n1.015,2,5,30,40\n"))
    assert film.of_frame(0, time=1.0).boxes[:, 0].tolist() == [2]


def test_a_file_of_times_needs_the_time_of_the_frame(file):
    film = read_film_heads(file("time,x1,y1,x2,y2\n1,1,5,30,40\n"))
    with pytest.raises(ValueError, match="goes by time"):
        film.of_frame(0)


PICTURES = ["clip/0007.jpg", "clip/0008.jpg"]


@pytest.mark.parametrize("name", ["0008.jpg", "clip/0008.jpg", "0008"])
def test_names_decide_in_a_folder_of_pictures_that_the_file_names(file, name):
    film = read_film_heads(file({name: [[1, 5, 30, 40]]}), pictures=PICTURES)
    found = [film.of_frame(k, name=path).boxes[:, 0].tolist() for k, path in enumerate(PICTURES)]
    assert found == [[], [1]]


@pytest.mark.parametrize(
    ("content", "first"), [("2,3,1,5,30,40,1\n", None), ("0008.jpg,1,5,30,40\n", 7)]
)
def test_numbers_decide_in_a_folder_that_the_file_does_not_name_or_if_the_first_is_stated(
    file, content, first
):
    film = read_film_heads(file(content), first=first, pictures=PICTURES)
    assert film.of_frame(1, name=PICTURES[1]).boxes[:, 0].tolist() == [1]


def test_numbers_of_people_are_their_identities(file):
    film = read_film_heads(file("1,7,1,5,30,40\n1,2,2,5,30,40\n"))
    heads = film.of_frame(0)
    assert film.tracked
    assert (heads.tracks.tolist(), heads.names) == ([7, 2], None)


def test_people_with_names_are_counted_in_order_of_appearance(file):
    film = read_film_heads(file(HEADER + "5,1,5,30,40,Zoe\n4,2,5,30,40,3\n4,3,5,30,40,Zoe\n"))
    assert film.of_frame(4).tracks.tolist() == [1, 0]
    assert film.of_frame(4).names == ["3", "Zoe"]
    assert film.of_frame(5).tracks.tolist() == [0]


def test_a_folder_of_text_files_has_a_person_for_each(file, tmp_path):
    file("7.jpg,1,5,30,40\n8.jpg,2,5,30,40\n", "clip/person2.txt")
    file("8.jpg,3,5,30,40\n", "clip/person10.txt")
    film = read_film_heads(tmp_path / "clip")
    assert film.of_frame(1).tracks.tolist() == [0, 1]
    assert film.of_frame(1).names == ["person2", "person10"]


def test_identities_are_kept_where_pictures_go_by_name(file):
    content = "image,x1,y1,x2,y2,person\n0008.jpg,1,5,30,40,Ann\n0008.jpg,2,5,30,40,Ben\n"
    film = read_film_heads(file(content), pictures=PICTURES)
    assert film.of_frame(1, name=PICTURES[1]).tracks.tolist() == [0, 1]


@pytest.mark.parametrize("frame", [0, 1])
def test_frames_without_people_have_no_identities(file, frame):
    film = read_film_heads(file("2,-1,1,5,30,40\n"))
    assert not film.tracked
    assert (film.of_frame(frame).tracks is None) == (len(film.of_frame(frame)) > 0)


@pytest.mark.parametrize(
    ("content", "first", "message"),
    [
        (HEADER + "3,1,5,30,40,A\n4,1,5,30,40,A\n3,2,5,30,40,A\n", None, "line 4: person A is in"),
        ("2,7,1,5,30,40\n2,7,9,5,30,40\n", None, "line 2: person 7 is in"),
        ("time,x1,y1,x2,y2,id\n1,1,5,30,40,7\n1,2,5,30,40,7\n", None, "line 3: person 7 is in"),
        ("2,7,1,5,30,40\n0,7,9,5,30,40\n", None, "line 2: frames of this form count from 1"),
        (HEADER + "-3,1,5,30,40,A\n", 0, "line 2: the number of a frame is not negative"),
        (HEADER + "3,1,5,30,40,A\n3,1,5,30,40,\n", None, "line 3: this head has no person"),
        ("photo.jpg,1,5,30,40\n", None, "line 1: 'photo.jpg' has no number"),
        (HEADER + "3,1,5,30,40,A\n", 4, "before frame 4, which is said to be first"),
    ],
)
def test_a_wrong_row_is_named(file, content, first, message):
    with pytest.raises(ValueError, match=rf"heads\.csv.*{message}"):
        read_film_heads(file(content), first=first)
