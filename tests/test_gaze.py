import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from sightline.draw import draw_gaze
from sightline.gaze import Gaze
from sightline.scene import Objects
from sightline.table import NAMES


def full_gaze() -> Gaze:
    heads = torch.rand(3, 4).sort(1).values
    heads[1] = torch.nan
    return Gaze(
        heads=heads,
        points=torch.rand(3, 2),
        heatmaps=torch.rand(3, 5, 7),
        inside=torch.tensor([0.1, 0.9, torch.nan]),
        directions=torch.nn.functional.normalize(torch.randn(3, 3), dim=1),
        objects=Objects(torch.rand(2, 4), torch.tensor([3, 1]), torch.rand(2)),
        gaze_object=torch.tensor([1, -1, 0]),
        tracks=torch.tensor([4, 2, 9]),
    )


def plain_gaze(people: int = 2) -> Gaze:
    return Gaze(torch.rand(people, 4), torch.rand(people, 2), torch.rand(people, 4, 4))


def assert_same(a: torch.Tensor, b: torch.Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)


def test_json_gives_every_field_back_exactly_and_heatmaps_as_float16():
    gaze = full_gaze()
    back = Gaze.from_json(gaze.to_json())
    for name in ("heads", "points", "inside", "directions", "gaze_object", "tracks"):
        assert_same(getattr(back, name), getattr(gaze, name))
    for name in ("boxes", "labels", "scores"):
        assert_same(getattr(back.objects, name), getattr(gaze.objects, name))
    assert_same(back.heatmaps, gaze.heatmaps.half().float())


def test_the_projection_of_a_panorama_survives_json_and_the_choice_of_people():
    gaze = replace(full_gaze(), projection="equirectangular")
    assert Gaze.from_json(gaze.to_json()).projection == "equirectangular"
    assert gaze[[1]].projection == "equirectangular"
    assert "projection" not in full_gaze().to_dict()


def test_fields_that_a_model_does_not_give_stay_none():
    back = Gaze.from_json(plain_gaze().to_json())
    assert back.inside is None
    assert back.objects is None
    assert back.tracks is None


def test_no_people_survive_the_round_trip():
    back = Gaze.from_json(plain_gaze(0).to_json())
    assert len(back) == 0
    assert back.heads.shape == (0, 4)
    assert back.heatmaps.shape == (0, 4, 4)


def test_without_heatmaps_the_json_is_small_and_they_come_back_empty():
    gaze = full_gaze()
    assert "heatmaps" not in gaze.to_dict(heatmaps=False)
    assert Gaze.from_dict(gaze.to_dict(heatmaps=False)).heatmaps.shape == (3, 0, 0)


def test_nan_is_null_in_json():
    data = json.loads(full_gaze().to_json())
    assert data["heads"][1] == [None] * 4
    assert data["inside"][2] is None


def test_numbers_are_written_in_the_fewest_digits():
    gaze = Gaze(torch.rand(1, 4), torch.tensor([[0.3, 0.7]]), torch.zeros(1, 2, 2))
    assert gaze.to_dict()["points"] == [[0.3, 0.7]]


def test_heatmaps_are_little_endian_float16_in_row_order():
    import base64

    gaze = plain_gaze()
    packed = gaze.to_dict()["heatmaps"]
    raw = np.frombuffer(base64.b64decode(packed["data"]), "<f2").reshape(packed["shape"])
    assert packed["dtype"] == "float16"
    np.testing.assert_array_equal(raw, gaze.heatmaps.half().numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "coco"}, 'no "format": "sightline.gaze"'),
        ({"version": 99}, "version 99"),
        ({"points": None}, "points is missing"),
        ({"points": [[0.5, 0.5, 0.5]] * 2}, r"points has shape \(2, 3\)"),
        ({"points": [[0.5, 0.5]]}, r"points has shape \(1, 2\)"),
        ({"heads": [[0.1, 0.2], [0.3]]}, "heads is not a list of equally long rows"),
        ({"heads": "all"}, "heads is not a list"),
        ({"heads": 3}, r"heads has shape \(\)"),
        ({"tracks": [1, 1.5]}, "tracks has a value that is not a whole number"),
        ({"objects": {"boxes": []}}, "objects must have boxes, labels, scores"),
        ({"objects": {"boxes": [[0, 0, 1, 1]], "labels": [], "scores": [1]}}, "one for each"),
        ({"objects": {"boxes": [], "labels": [], "scores": [], "classes": 5}}, "a list of names"),
        (
            {"objects": {"boxes": [], "labels": [], "scores": []}, "gaze_object": [-1, 0]},
            "gaze_object has a value that is no row of objects",
        ),
        ({"heatmaps": {"shape": [2, 4, 4], "dtype": "float16", "data": "AAAA"}}, "as much base64"),
        ({"heatmaps": {"shape": [2, 4, 4], "dtype": "float32", "data": ""}}, "dtype is 'float32'"),
        ({"heatmaps": [1, 2]}, "heatmaps must have a shape"),
    ],
)
def test_malformed_data_is_refused_with_the_name_of_the_field(change, message):
    data = plain_gaze().to_dict() | change
    with pytest.raises(ValueError, match=message):
        Gaze.from_dict(data)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"gaze"'])
def test_text_that_is_no_gaze_is_refused_in_words(text):
    with pytest.raises(ValueError, match="Not a gaze"):
        Gaze.from_json(text)


def test_fields_must_agree_on_the_number_of_people():
    with pytest.raises(ValueError, match=r"inside has shape \(3,\); with 2 head boxes"):
        Gaze(torch.rand(2, 4), torch.rand(2, 2), torch.rand(2, 4, 4), inside=torch.rand(3))
    with pytest.raises(ValueError, match="heatmaps has shape"):
        Gaze(torch.rand(2, 4), torch.rand(2, 2), torch.rand(4, 4))


def test_people_are_chosen_by_index_list_slice_and_mask():
    gaze = full_gaze()
    for people in ([2], slice(2, 3), torch.tensor([False, False, True]), 2):
        assert_same(gaze[people].points, gaze.points[2:])
        assert gaze[people].tracks.tolist() == [9]


def test_the_frame_has_the_columns_of_the_table_and_a_row_per_person():
    gaze = full_gaze()
    frame = gaze.to_frame((640, 480))
    assert tuple(frame.columns) == NAMES
    assert frame["person"].tolist() == [0, 1, 2]
    assert frame["gaze_x"].tolist() == pytest.approx((gaze.points[:, 0] * 640).tolist(), rel=1e-5)
    assert frame["image_height"].tolist() == [480] * 3
    assert math.isnan(frame["head_x_min"][1])


def test_the_frame_without_a_size_has_no_pixels_and_the_same_types():
    gaze = full_gaze()
    frame = gaze.to_frame()
    assert frame["gaze_x"].isna().all()
    assert frame["gaze_x_unit"].notna().all()
    assert frame.dtypes.equals(gaze.to_frame((640, 480)).dtypes)
    assert plain_gaze(0).to_frame().dtypes.equals(frame.dtypes)


def test_supervision_gets_head_boxes_in_pixels_and_the_gaze_beside_them():
    supervision = pytest.importorskip("supervision")
    gaze = full_gaze()
    found = gaze.to_supervision((200, 100))
    assert found.data["person"].tolist() == [0, 2]  # the second has no head box
    scale = torch.tensor([200.0, 100, 200, 100])
    np.testing.assert_allclose(found.xyxy, (gaze.heads[[0, 2]] * scale).numpy(), rtol=1e-6)
    points = (gaze.points[[0, 2]] * scale[:2]).numpy()
    np.testing.assert_allclose(found.data["gaze_xy"], points, rtol=1e-6)
    assert found.tracker_id.tolist() == [4, 9]
    drawn = supervision.BoxAnnotator().annotate(np.zeros((100, 200, 3), np.uint8), found)
    assert drawn.any()


def test_supervision_gets_no_detections_from_no_people():
    pytest.importorskip("supervision")
    assert len(plain_gaze(0).to_supervision((200, 100))) == 0


def test_plot_is_the_drawing_as_a_picture():
    image = torch.randint(0, 256, (3, 120, 160), dtype=torch.uint8)
    gaze = full_gaze()
    picture = gaze.plot(image)
    assert picture.size == (160, 120)
    drawn = draw_gaze(image, gaze).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(np.asarray(picture), drawn)


def test_frame_and_time_of_a_film_survive_json_and_stay_with_some_of_the_people():
    gaze = replace(plain_gaze(3), frame=12, time=0.48)
    back = Gaze.from_json(gaze[[0, 2]].to_json())
    assert (back.frame, back.time, len(back)) == (12, 0.48, 2)
    with pytest.raises(ValueError, match="frame and time are numbers"):
        Gaze.from_dict(gaze.to_dict() | {"time": "noon"})
