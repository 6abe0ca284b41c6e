"""Which object is looked at: every way against the plain definition, the rules, odd input."""

import pytest
import torch

from sightline import Gaze, Objects
from sightline.cli.options import ObjectMethod
from sightline.gaze_objects import (
    DEFAULT,
    METHODS,
    REACH,
    Method,
    only_looked_at,
    only_sure,
    settle_objects,
    with_detections,
    with_gaze_objects,
)
from sightline.geometry.heatmap import gaussian_heatmaps

CLASSES = ("cup", "plate", "Head")


def objects_at(*boxes: tuple[float, ...], labels=None, scores=None) -> Objects:
    given = torch.tensor(boxes).reshape(-1, 4)
    ones = torch.ones(len(given))
    return Objects(
        given,
        torch.zeros(len(given), dtype=torch.int64) if labels is None else torch.tensor(labels),
        ones if scores is None else torch.tensor(scores),
        CLASSES,
    )


def gaze_at(*points: tuple[float, float], **given) -> Gaze:
    where = torch.tensor(points).reshape(-1, 2)
    heads = given.pop("heads", torch.full((len(where), 4), torch.nan))
    return Gaze(heads, where, gaussian_heatmaps(where.nan_to_num(-1)), **given)


def chosen(gaze: Gaze, objects: Objects, method: Method = DEFAULT, **given) -> list[int]:
    found = with_gaze_objects(gaze, objects, method, **given).gaze_object
    assert found is not None
    return found.tolist()


NAIVE = {
    "mean": lambda heat, area, score, away, miss: heat / area,
    "mean-score": lambda heat, area, score, away, miss: heat / area * score**0.5,
    "cosine": lambda heat, area, score, away, miss: heat / area**0.5,
    "energy": lambda heat, area, score, away, miss: heat,
    "distance": lambda heat, area, score, away, miss: -away,
    "smallest": lambda heat, area, score, away, miss: -miss if miss > 0 else 1 / (1 + area),
}


@pytest.mark.parametrize("method", METHODS)
def test_each_way_chooses_as_its_definition_does_box_by_box(method: Method) -> None:
    generator = torch.Generator().manual_seed(0)
    cells = torch.randint(0, 24, (40, 2), generator=generator)  # whole cells sum up exactly
    sides = torch.randint(2, 8, (40, 2), generator=generator)
    boxes = torch.cat([cells, cells + sides], 1).float() / 32
    scores = torch.rand(40, generator=generator)
    objects = Objects(boxes, torch.zeros(40, dtype=torch.int64), scores)
    points = torch.rand(20, 2, generator=generator)
    heatmaps = gaussian_heatmaps(points, 32, 2.0)
    heatmaps += 0.1 * torch.rand(heatmaps.shape, generator=generator)
    gaze = Gaze(torch.full((20, 4), torch.nan), points, heatmaps)
    expected = []
    for (x, y), heatmap in zip(points.tolist(), heatmaps, strict=True):
        fits = []
        for (x0, y0, x1, y1), score in zip(boxes.tolist(), scores.tolist(), strict=True):
            rows, columns = (
                slice(round(y0 * 32), round(y1 * 32)),
                slice(round(x0 * 32), round(x1 * 32)),
            )
            heat = heatmap[rows, columns].sum().item()
            away = ((x - (x0 + x1) / 2) ** 2 + (y - (y0 + y1) / 2) ** 2) ** 0.5
            miss = (max(x0 - x, x - x1, 0) ** 2 + max(y0 - y, y - y1, 0) ** 2) ** 0.5
            area = (x1 - x0) * (y1 - y0)
            fit = NAIVE[method](heat, area, score, away, miss)
            fits.append(fit if miss <= REACH else -torch.inf)
        best = max(range(40), key=lambda row: fits[row])
        expected.append(best if fits[best] > -torch.inf else -1)
    assert chosen(gaze, objects, method) == expected


def test_the_command_line_knows_every_method() -> None:
    assert ObjectMethod == Method


@pytest.mark.parametrize("method", METHODS)
class TestWhateverTheMethod:
    def test_a_box_around_the_gaze_point_beats_one_elsewhere(self, method: Method) -> None:
        objects = objects_at((0.7, 0.7, 0.8, 0.8), (0.25, 0.25, 0.35, 0.35))
        assert chosen(gaze_at((0.3, 0.3), (0.75, 0.75)), objects, method) == [1, 0]

    def test_no_objects_or_no_people_are_no_gaze_object(self, method: Method) -> None:
        assert chosen(gaze_at((0.3, 0.3)), objects_at(), method) == [-1]
        assert chosen(gaze_at(), objects_at((0.2, 0.2, 0.4, 0.4)), method) == []

    def test_heads_and_what_covers_the_own_head_are_not_looked_at(self, method: Method) -> None:
        head = (0.2, 0.2, 0.4, 0.4)
        objects = objects_at(head, (0.21, 0.2, 0.4, 0.4), labels=[2, 0])
        gaze = gaze_at((0.3, 0.3), (0.3, 0.3), heads=torch.tensor([head, (0.7, 0.7, 0.8, 0.8)]))
        assert chosen(gaze, objects, method) == [-1, 1]

    def test_who_looks_outside_looks_at_no_object(self, method: Method) -> None:
        inside = torch.tensor([0.4, 0.6, torch.nan])
        gaze = gaze_at(*[(0.3, 0.3)] * 3, inside=inside)
        assert chosen(gaze, objects_at((0.2, 0.2, 0.4, 0.4)), method) == [-1, 0, 0]

    def test_a_gaze_point_far_from_every_box_is_at_no_object(self, method: Method) -> None:
        objects = objects_at((0.2, 0.2, 0.4, 0.4))
        gaze = gaze_at((0.4 + REACH - 0.01, 0.3), (0.4 + REACH + 0.01, 0.3))
        assert chosen(gaze, objects, method) == [0, -1]
        assert chosen(gaze, objects, method, reach=1.0) == [0, 0]

    def test_nan_and_boxes_without_area_in_the_picture_are_never_chosen(
        self, method: Method
    ) -> None:
        nan = torch.nan
        odd = objects_at((0.3, 0.2, 0.3, 0.4), (1.1, 0.2, 1.3, 0.4), (nan, 0.2, 0.4, 0.4))
        gaze = gaze_at((0.3, 0.3), (0.99, 0.3), (nan, nan))
        gaze.heatmaps[0, 0, 0] = nan
        assert chosen(gaze, odd, method) == [-1, -1, -1]
        good = objects_at(*odd.boxes.tolist(), (0.2, 0.2, 0.4, 0.4), (0.9, 0.2, 1.2, 0.4))
        assert chosen(gaze, good, method) == [3, 4, -1]

    def test_of_equal_boxes_the_surest_is_chosen(self, method: Method) -> None:
        box = (0.2, 0.2, 0.4, 0.4)
        objects = objects_at(box, box, box, scores=[0.4, 0.9, torch.nan])
        if method != "mean-score":  # there a missing score counts as sure
            assert chosen(gaze_at((0.3, 0.3)), objects, method) == [1]

    def test_without_heatmaps_the_gaze_points_decide(self, method: Method) -> None:
        objects = objects_at((0.7, 0.7, 0.8, 0.8), (0.25, 0.25, 0.35, 0.35))
        gaze = gaze_at((0.3, 0.3), (0.75, 0.75))
        gaze.heatmaps = torch.zeros(2, 0, 0)
        assert chosen(gaze, objects, method) == [1, 0]


def test_where_no_box_has_any_heat_the_nearest_is_chosen() -> None:
    gaze = gaze_at((0.5, 0.5))
    gaze.heatmaps = torch.full((1, 64, 64), -3.0)
    objects = objects_at((0.55, 0.4, 0.6, 0.6), (0.52, 0.4, 0.6, 0.6))
    assert chosen(gaze, objects) == [1]


def test_a_models_own_objects_stay_unless_others_are_given() -> None:
    own = objects_at((0.2, 0.2, 0.4, 0.4))
    gaze = gaze_at((0.3, 0.3))
    gaze.objects, gaze.gaze_object = own, torch.tensor([-1])
    assert settle_objects(gaze, None, None) is gaze
    assert settle_objects(gaze, None, "mean").gaze_object == torch.tensor([0])
    given = objects_at((0.6, 0.6, 0.8, 0.8), (0.2, 0.2, 0.4, 0.4))
    settled = settle_objects(gaze, given, None)
    assert settled.objects is given
    assert settled.gaze_object == torch.tensor([1])
    assert settle_objects(gaze_at((0.3, 0.3)), None, "mean").objects is None


def test_only_objects_looked_at_are_kept_with_their_names() -> None:
    boxes = [(0.1 * i, 0.0, 0.1 * i + 0.1, 0.1) for i in range(5)]
    gaze = gaze_at((0.3, 0.3), (0.3, 0.3), (0.3, 0.3), (0.5, 0.5))
    gaze.objects = objects_at(*boxes, labels=[0, 1, 0, 1, 7])
    gaze.gaze_object = torch.tensor([4, -1, 1, 4])
    kept = only_looked_at(gaze)
    assert kept.objects is not None
    assert kept.gaze_object is not None
    assert kept.gaze_object.tolist() == [1, -1, 0, 1]
    assert kept.objects.boxes.equal(gaze.objects.boxes[[1, 4]])
    assert [kept.objects.name(row) for row in range(2)] == ["plate", "7"]


def test_where_nobody_looks_at_anything_no_object_is_kept() -> None:
    objects = objects_at((0.2, 0.2, 0.4, 0.4))
    for gaze in (gaze_at((0.9, 0.9)), gaze_at()):
        kept = only_looked_at(with_gaze_objects(gaze, objects))
        assert kept.objects is not None
        assert len(kept.objects) == 0
        assert Gaze.from_json(kept.to_json()).gaze_object is not None


def test_a_detection_that_is_hardly_sure_is_kept_but_not_looked_at() -> None:
    boxes = (0.4, 0.4, 0.5, 0.5), (0.35, 0.35, 0.6, 0.6), (0.8, 0.8, 0.9, 0.9)
    objects = objects_at(*boxes, scores=[0.2, 0.6, 0.9])
    gaze = with_detections(gaze_at((0.45, 0.45), (0.1, 0.1)), objects, 0.3)
    assert gaze.gaze_object.tolist() == [1, -1]
    assert len(gaze.objects) == 3
    sure = only_sure(gaze, 0.3)
    assert torch.equal(sure.objects.boxes, objects.boxes[1:])
    assert sure.gaze_object.tolist() == [0, -1], "numbered anew"


def test_without_a_sure_detection_nobody_looks_at_anything() -> None:
    gaze = with_detections(
        gaze_at((0.45, 0.45)), objects_at((0.4, 0.4, 0.5, 0.5), scores=[0.1]), 0.3
    )
    assert gaze.gaze_object.tolist() == [-1]
    assert len(only_sure(gaze, 0.3).objects) == 0


def test_a_method_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no method named 'mean-scores'; did you mean mean-score"):
        with_gaze_objects(gaze_at((0.5, 0.5)), objects_at((0, 0, 1, 1)), "mean-scores")  # type: ignore[arg-type]
