import dataclasses
import itertools

import pytest
import torch

from sightline.colours import PALETTE
from sightline.draw import draw_gaze
from sightline.gaze import Gaze
from sightline.geometry.boxes import to_pixels
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.scene import Objects

WIDTH, HEIGHT = 640, 480
DEUTERANOPIA = torch.tensor(  # Machado et al. 2009, severity 1, on linear RGB
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)


def grey(width: int = WIDTH, height: int = HEIGHT) -> torch.Tensor:
    return torch.full((3, height, width), 128, dtype=torch.uint8)


def gaze_of(
    heads: list[list[float]], points: list[list[float]], inside: list[float] | None = None
) -> Gaze:
    places = torch.tensor(points).reshape(-1, 2)
    return Gaze(
        heads=torch.tensor(heads).reshape(-1, 4),
        points=places,
        heatmaps=gaussian_heatmaps(places, sigma=2.0),
        inside=None if inside is None else torch.tensor(inside),
    )


def one_person(inside: float | None = None) -> Gaze:
    return gaze_of(
        [[0.1, 0.3, 0.3, 0.6]], [[0.8, 0.75]], inside=None if inside is None else [inside]
    )


def changed(drawn: torch.Tensor) -> torch.Tensor:
    return (drawn != 128).any(0)


def is_near(pixels: torch.Tensor, colour: tuple[int, int, int], tolerance: int = 3) -> torch.Tensor:
    return (pixels.int() - torch.tensor(colour)[:, None, None]).abs().amax(0) <= tolerance


def test_the_picture_itself_is_not_changed():
    image = grey()
    draw_gaze(image, one_person())
    assert image.eq(128).all()


def test_a_picture_without_people_comes_back_as_a_copy():
    image = grey()
    drawn = draw_gaze(image, gaze_of([], [], inside=[]))
    assert drawn.equal(image)
    assert drawn.data_ptr() != image.data_ptr()


def test_the_head_box_is_drawn_at_its_edges():
    own = is_near(draw_gaze(grey(), one_person(), heatmap=False), PALETTE[0], tolerance=60)
    for x, y in [(64, 216), (192, 180), (128, 144), (128, 288)]:  # left, right, top, bottom
        assert own[y - 2 : y + 3, x - 2 : x + 3].any()
    assert not own[150:200, 72:120].any()


def test_the_target_has_a_dot_in_the_persons_colour():
    drawn = draw_gaze(grey(), one_person(), heatmap=False)
    assert is_near(drawn, PALETTE[0])[360, 512]


def test_the_sight_line_runs_from_the_head_to_the_target():
    drawn = is_near(draw_gaze(grey(), one_person(), heatmap=False), PALETTE[0])
    start, end = torch.tensor([128.0, 216.0]), torch.tensor([512.0, 360.0])
    for share in (0.3, 0.5, 0.7, 0.9):
        x, y = (start + share * (end - start)).int().tolist()
        assert drawn[y - 1 : y + 2, x - 1 : x + 2].any()


def test_the_sight_line_is_fainter_on_the_face():
    drawn = draw_gaze(grey(), one_person(), heatmap=False)
    contrast = (drawn.int() - 128).abs().amax(0)
    assert contrast[210:224, 132:140].max() < contrast[250:290, 280:300].max() / 2


def test_the_heatmap_is_strongest_at_its_peak_and_lets_the_picture_through():
    gaze = one_person()
    plain = draw_gaze(grey(), gaze, heatmap=False)
    warm = draw_gaze(grey(), gaze)
    difference = (warm.int() - plain.int()).abs().sum(0)
    beside_marker, further = difference[360, 512 + 16], difference[360, 512 + 34]
    assert beside_marker > further > 0
    own = torch.tensor(PALETTE[0])
    full = (own - 128).abs().sum()
    assert 0.3 * full < difference.max() < 0.6 * full
    assert difference[:200].eq(0).all()


def test_nothing_far_from_what_is_drawn_changes():
    assert not changed(draw_gaze(grey(), one_person()))[400:, :400].any()
    assert not changed(draw_gaze(grey(), one_person()))[:100].any()


def test_a_flat_or_missing_heatmap_draws_nothing():
    gaze = one_person()
    plain = draw_gaze(grey(), gaze, heatmap=False)
    flat = dataclasses.replace(gaze, heatmaps=torch.full((1, 64, 64), 0.3))
    missing = dataclasses.replace(gaze, heatmaps=torch.zeros(1, 0, 0))
    assert draw_gaze(grey(), flat).equal(plain)
    assert draw_gaze(grey(), missing).equal(plain)


def test_heatmaps_of_two_people_at_one_place_keep_the_peak_opacity():
    gaze = gaze_of([[0.1, 0.1, 0.2, 0.2], [0.3, 0.1, 0.4, 0.2]], [[0.6, 0.7], [0.6, 0.7]])
    once = draw_gaze(grey(), gaze[[0]]).int()
    twice = draw_gaze(grey(), gaze).int()
    row, columns = round(0.7 * HEIGHT), slice(round(0.6 * WIDTH) + 12, round(0.6 * WIDTH) + 20)
    shift = (twice - 128)[:, row, columns].abs().amax(0)
    assert (shift <= (once - 128)[:, row, columns].abs().amax(0) + 2).all()


def test_a_person_who_looks_outside_has_an_open_target_and_a_dashed_faint_line():
    inside = draw_gaze(grey(), one_person(0.9), heatmap=False)
    outside = draw_gaze(grey(), one_person(0.1), heatmap=False)
    assert is_near(inside, PALETTE[0])[360, 512]
    assert outside[:, 360, 512].eq(128).all()
    assert changed(outside)[360, 504:508].all()  # the ring
    between = slice(220, 480)
    solid, dashed = changed(inside)[:, between].any(0), changed(outside)[:, between].any(0)
    assert solid.all()
    assert 0.2 < dashed.float().mean() < 0.8


def test_the_badge_says_inside_or_outside_by_its_fill():
    above = (slice(100, 142), slice(60, 250))
    inside = draw_gaze(grey(), one_person(0.9), heatmap=False)[:, *above]
    outside = draw_gaze(grey(), one_person(0.1), heatmap=False)[:, *above]
    assert is_near(inside, PALETTE[0]).sum() > 500
    assert is_near(outside, (18, 18, 22)).sum() > 500 > is_near(outside, PALETTE[0]).sum()


def test_without_an_inside_output_the_target_is_solid_and_the_badge_is_short():
    known = changed(draw_gaze(grey(), one_person(0.9), heatmap=False))[100:140].sum()
    unknown = draw_gaze(grey(), one_person(None), heatmap=False)
    assert is_near(unknown, PALETTE[0])[360, 512]
    assert 0 < changed(unknown)[100:140].sum() < known / 2


def test_names_replace_the_index_on_the_badge():
    short = changed(draw_gaze(grey(), one_person(), heatmap=False))[100:140].sum()
    long = draw_gaze(grey(), one_person(), heatmap=False, names=["Persephone"])
    assert changed(long)[100:140].sum() > 2 * short


def test_a_person_without_a_head_box_still_has_a_target_and_a_badge():
    gaze = one_person(0.9)
    gaze.heads = torch.full((1, 4), torch.nan)
    drawn = draw_gaze(grey(), gaze, heatmap=False)
    assert is_near(drawn, PALETTE[0])[360, 512]
    assert not changed(drawn)[:, :300].any()
    assert changed(drawn)[320:345, 500:].any()


def test_a_head_box_partly_outside_is_cut_off_at_the_border_and_its_badge_is_not():
    gaze = gaze_of([[-0.1, -0.2, 0.15, 0.2]], [[0.5, 0.9]], inside=[0.9])
    drawn = is_near(draw_gaze(grey(), gaze, heatmap=False), PALETTE[0], tolerance=60)
    assert drawn[60, 92:100].any()
    assert drawn[:, 104:].sum(0).gt(5).sum() > 40  # the badge stands beside the head


@pytest.mark.parametrize("box", [[0.3, 0.3, 0.3, 0.3], [-3.0, -3.0, -2.0, -2.0]])
def test_empty_and_far_away_head_boxes_do_no_harm(box):
    drawn = draw_gaze(grey(), gaze_of([box], [[0.6, 0.6]], inside=[0.9]))
    assert is_near(drawn, PALETTE[0])[288, 384]


def test_a_thumbnail_and_a_tiny_picture_show_box_line_and_target():
    for width, height in [(200, 150), (64, 48)]:
        drawn = draw_gaze(grey(width, height), one_person(0.9), heatmap=False)
        target = drawn[:, round(0.75 * height), round(0.8 * width)].int()
        assert (target - torch.tensor(PALETTE[0])).abs().amax() < 60
        assert 0.03 < changed(drawn).float().mean() < 0.35


def test_strokes_grow_with_the_picture():
    def stroke(width: int, height: int) -> int:
        drawn = draw_gaze(grey(width, height), one_person(), heatmap=False)
        return changed(drawn)[round(0.45 * height), : round(0.2 * width)].sum().item()

    assert stroke(3840, 2160) > 2 * stroke(1280, 720)


def many(count: int) -> Gaze:
    x = (torch.arange(count) + 0.5) / count
    heads = torch.stack([x - 0.02, x * 0 + 0.4, x + 0.02, x * 0 + 0.5], 1)
    return gaze_of(heads.tolist(), torch.stack([x, x * 0 + 0.9], 1).tolist())


def test_twelve_people_have_twelve_colours():
    gaze = many(12)
    drawn = draw_gaze(grey(1200, 800), gaze, heatmap=False)
    dots = to_pixels(gaze.points, (1200, 800)).int().tolist()
    seen = [drawn[:, y, x].int() for x, y in dots]
    for a, b in itertools.combinations(seen, 2):
        assert (a - b).abs().sum() > 60


def test_the_palette_stays_apart_for_people_who_do_not_see_green():
    linear = (torch.tensor(PALETTE) / 255) ** 2.2
    seen = (linear @ DEUTERANOPIA.T).clamp(0, 1) ** (1 / 2.2) * 255
    distances = torch.cdist(seen, seen) + 1e3 * torch.eye(len(PALETTE))
    assert len(PALETTE) >= 12
    assert distances.min() > 25


def test_colours_follow_the_tracks():
    gaze = many(3)
    shuffled = gaze[[2, 0, 1]]
    gaze.tracks, shuffled.tracks = torch.tensor([0, 1, 2]), torch.tensor([2, 0, 1])
    image = grey(900, 600)
    dot = to_pixels(gaze.points, (900, 600))[2].int().tolist()
    for people in (gaze, shuffled):
        assert is_near(draw_gaze(image, people, heatmap=False), PALETTE[2])[dot[1], dot[0]]


def test_badges_of_neighbours_do_not_cover_one_another():
    heads = [[0.40, 0.4, 0.46, 0.5], [0.47, 0.4, 0.53, 0.5], [0.54, 0.4, 0.60, 0.5]]
    gaze = gaze_of(heads, [[0.1, 0.95], [0.5, 0.95], [0.9, 0.95]], inside=[0.9, 0.9, 0.9])
    together = draw_gaze(grey(), gaze, heatmap=False)
    for person in range(3):
        alone = is_near(draw_gaze(grey(), gaze[[person]], heatmap=False), PALETTE[0]).sum()
        assert is_near(together, PALETTE[person]).sum() > 0.9 * alone


def test_wrong_images_and_names_are_refused_in_words():
    with pytest.raises(ValueError, match="uint8"):
        draw_gaze(grey().float(), one_person())
    with pytest.raises(ValueError, match="2 names for 1 people"):
        draw_gaze(grey(), one_person(), names=["a", "b"])


def with_objects(gaze: Gaze, boxes: list[list[float]], looked_at: list[int]) -> Gaze:
    objects = Objects(torch.tensor(boxes), torch.zeros(len(boxes)).long(), torch.ones(len(boxes)))
    return dataclasses.replace(gaze, objects=objects, gaze_object=torch.tensor(looked_at))


def at(box: list[float]) -> tuple[int, int]:
    """The pixel (row, column) in the middle of the lower edge of a box."""
    return round(box[3] * HEIGHT) - 1, round((box[0] + box[2]) / 2 * WIDTH)


def test_objects_have_quiet_outlines_and_the_one_looked_at_the_persons_colour():
    quiet, chosen = [0.7, 0.1, 0.9, 0.3], [0.1, 0.6, 0.3, 0.9]
    plain = draw_gaze(grey(), one_person(), heatmap=False)
    drawn = draw_gaze(grey(), with_objects(one_person(), [quiet, chosen], [1]), heatmap=False)
    assert changed(drawn).sum() > changed(plain).sum()
    row, column = at(quiet)
    assert changed(drawn)[row - 1 : row + 3, column].any()
    assert changed(drawn)[row - 10 : row - 2, column].sum() == 0
    row, column = at(chosen)
    colours = drawn[:, row - 2 : row + 8, column, None]
    assert is_near(colours, PALETTE[0]).any()


def test_nobodys_objects_are_outlined_and_odd_boxes_do_no_harm():
    odd = [[0.5, 0.5, 0.5, 0.7], [1.5, 0.1, 1.9, 0.2], [-9.0, -9, -8, -8], [torch.nan] * 4]
    nobody = Gaze(torch.zeros(0, 4), torch.zeros(0, 2), torch.zeros(0, 0, 0))
    assert not changed(draw_gaze(grey(), with_objects(nobody, odd[1:], []))).any()
    assert changed(draw_gaze(grey(), with_objects(nobody, [*odd, [0.2, 0.2, 0.4, 0.4]], []))).any()


def test_two_people_at_one_object_frame_it_in_both_colours():
    box = [0.2, 0.2, 0.6, 0.6]
    gaze = with_objects(many(2), [box], [0, 0])
    drawn = draw_gaze(grey(), gaze, heatmap=False)
    row, column = at(box)
    colours = drawn[:, row : row + 14, column, None]
    assert all(is_near(colours, PALETTE[who]).any() for who in (0, 1))


@pytest.mark.parametrize(
    "longer", [{"classes": ("saucer",)}, {"scores": torch.tensor([0.87])}], ids=["name", "score"]
)
def test_the_badge_names_the_object_and_the_score_of_a_detected_one(longer: dict):
    gaze = with_objects(one_person(0.97), [[0.1, 0.6, 0.3, 0.9]], [0])
    assert gaze.objects is not None
    gaze.objects.classes = ("cup",)
    long = dataclasses.replace(gaze, objects=dataclasses.replace(gaze.objects, **longer))
    assert changed(draw_gaze(grey(), gaze)).sum() < changed(draw_gaze(grey(), long)).sum()
