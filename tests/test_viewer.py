import base64
import io
import json
import math
import re
from html.parser import HTMLParser

import pytest
import torch
from PIL import Image

from sightline.colours import PALETTE
from sightline.gaze import Gaze
from sightline.geometry.sphere import great_circle, to_rays
from sightline.viewer.page import WIDEST, viewer_page

NASTY = '</script><script>alert("x")</script><!-- {{gaze}} & "quoted"'


def panorama(width: int = 256) -> torch.Tensor:
    image = torch.zeros(3, width // 2, width, dtype=torch.uint8)
    image[0, :, width // 2 :] = 200
    return image


def gaze_of() -> Gaze:
    """One who looks inside, one over the seam who looks outside, one without a head box."""
    return Gaze(
        heads=torch.tensor(
            [[0.25, 0.25, 0.375, 0.5], [0.96875, 0.4, 1.03125, 0.6], [torch.nan] * 4]
        ),
        points=torch.tensor([[0.75, 0.75], [0.125, 0.25], [0.5, 0.5]]),
        heatmaps=torch.rand(3, 8, 16, generator=torch.Generator().manual_seed(0)),
        inside=torch.tensor([0.9, 0.25, torch.nan]),
        projection="equirectangular",
    )


class Elements(HTMLParser):
    """The elements of a page, and the text of the scripts by id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str | None, str] = {}
        self.title = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if tag == "script":
            identity = attributes.get("id")
            self.scripts[identity] = self.scripts.get(identity, "") + data
        elif tag == "title" and not self.title:
            self.title = data


def read(page: str) -> list[dict]:
    return json.loads(Elements(page).scripts["gaze"])["people"]


def test_heads_and_targets_are_in_degrees():
    first, second, third = read(viewer_page(panorama(), gaze_of()))
    assert first["head"] == pytest.approx([-67.5, 22.5])
    assert first["target"] == pytest.approx([90, -45])
    assert second["target"] == pytest.approx([-135, 45])
    assert abs(second["head"][0]) == pytest.approx(180)
    assert [first["inside"], second["inside"], third["inside"]] == [0.9, 0.25, None]
    assert [first["outside"], second["outside"], third["outside"]] == [False, True, False]


def test_people_have_the_names_and_colours_of_the_drawing():
    people = read(viewer_page(panorama(), gaze_of(), names=["Ann", "Bob", "Cid"]))
    assert [person["name"] for person in people] == ["Ann", "Bob", "Cid"]
    colours = [tuple(bytes.fromhex(person["colour"][1:])) for person in people]
    assert colours == list(PALETTE[:3])
    tracked = gaze_of()
    tracked.tracks = torch.tensor([4, 1, 0])
    numbered = read(viewer_page(panorama(), tracked))
    assert [person["name"] for person in numbered] == ["4", "1", "0"]
    assert bytes.fromhex(numbered[0]["colour"][1:]) == bytes(PALETTE[4])


def rays(degrees: list[list[float]]) -> torch.Tensor:
    yaw, pitch = torch.tensor(degrees, dtype=torch.float64).unbind(-1)
    return to_rays(torch.stack([(yaw + 180) / 360, (90 - pitch) / 180], -1))


def test_a_sight_line_is_the_great_circle_from_beside_the_face_to_the_target():
    person = read(viewer_page(panorama(), gaze_of()))[0]
    head, target = rays([person["head"], person["target"]])
    line = rays(person["line"])
    way = great_circle(head.expand_as(line), line) + great_circle(line, target.expand_as(line))
    assert way == pytest.approx(great_circle(head, target).item(), abs=1e-4)
    assert great_circle(line[-1], target) < 1e-4
    assert math.radians(22.5) <= great_circle(line[0], head) < math.radians(25)
    assert great_circle(line[1:], line[:-1]).max() < math.radians(2)


def test_a_box_is_closed_and_passes_its_corners_also_over_the_seam():
    for person, corners in zip(
        read(viewer_page(panorama(), gaze_of())),
        [[[-90, 45], [-45, 45], [-45, 0], [-90, 0]], [[168.75, 18], [-168.75, 18], [168.75, -18]]],
        strict=False,
    ):
        assert person["box"][0] == person["box"][-1]
        for corner in corners:
            assert any(place == pytest.approx(corner, abs=0.01) for place in person["box"])


def test_a_person_without_a_head_box_has_a_target_and_no_line():
    person = read(viewer_page(panorama(), gaze_of()))[2]
    assert (person["head"], person["box"], person["line"]) == (None, None, [])
    assert person["target"] == [0, 0]


def test_heatmaps_are_bytes_from_lowest_to_highest():
    page = viewer_page(panorama(), gaze_of())
    assert json.loads(Elements(page).scripts["gaze"])["cells"] == [8, 16]
    for person, heatmap in zip(read(page), gaze_of().heatmaps.flatten(1), strict=True):
        warmth = list(base64.b64decode(person["heat"]))
        assert (min(warmth), max(warmth)) == (0, 255)
        assert warmth.index(255) == heatmap.argmax()


@pytest.mark.parametrize("maps", [torch.zeros(3, 0, 0), torch.rand(3, 300, 600)])
def test_missing_and_large_heatmaps_do_no_harm(maps):
    gaze = gaze_of()
    gaze.heatmaps = maps
    content = json.loads(Elements(viewer_page(panorama(), gaze)).scripts["gaze"])
    rows, columns = content["cells"]
    assert rows * columns <= 64 * 128
    assert len(base64.b64decode(content["people"][0]["heat"])) == rows * columns


def test_a_panorama_without_people_can_be_looked_at():
    assert read(viewer_page(panorama(), gaze_of()[[]])) == []


def picture(page: str) -> Image.Image:
    kind, data = Elements(page).scripts["picture"].split(",", 1)
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_the_picture_is_in_the_page():
    shown = picture(viewer_page(panorama(), gaze_of()))
    assert shown.size == (256, 128)
    assert shown.getpixel((40, 60))[0] < 10
    assert shown.getpixel((200, 60))[0] > 190


def test_a_large_picture_is_made_smaller():
    page = viewer_page(panorama(WIDEST + 600), gaze_of())
    assert picture(page).size == (WIDEST, WIDEST // 2)
    assert len(page) < 1_000_000


def test_names_and_titles_cannot_become_code():
    names = [NASTY, "B", "C"]
    page, plain = (
        viewer_page(panorama(), gaze_of(), names=n, title=n[0]) for n in (names, ["A"] * 3)
    )
    assert read(page)[0]["name"] == NASTY
    assert Elements(page).title == NASTY
    tags, harmless = ([tag for tag, _ in Elements(p).tags] for p in (page, plain))
    assert tags == harmless
    assert "<script>alert" not in page


def test_nothing_is_fetched_from_anywhere():
    page = viewer_page(panorama(), gaze_of())
    for _, attributes in Elements(page).tags:
        assert not {"src", "href"} & set(attributes)
    styles = page.split("<body>")[0]
    assert not re.search(r"@import|url\((?!['\"]?data:)", styles)
    policy = next(a["content"] for t, a in Elements(page).tags if t == "meta" and "http-equiv" in a)
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_the_viewers_licence_is_in_the_page():
    page = viewer_page(panorama(), gaze_of())
    assert "Matthew Petroff" in page
    assert "shall be included in" in page
    assert not re.search(r"{{[a-z]", page)


def test_the_gaze_in_an_ordinary_picture_is_refused():
    gaze = gaze_of()
    gaze.projection = "perspective"
    with pytest.raises(ValueError, match="ordinary picture"):
        viewer_page(panorama(), gaze)
