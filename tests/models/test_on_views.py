"""Ordinary models on panoramas, with a model that looks for what is red in its picture."""

import pickle

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from panoramas import with_discs
from sightline.batch import Batch, gather_people
from sightline.evaluate import predict_dataset
from sightline.gaze import Gaze
from sightline.geometry.boxes import centres
from sightline.geometry.heatmap import peaks
from sightline.geometry.sphere import great_circle, to_rays
from sightline.models import create
from sightline.models.base import GazeModel, split_by_image
from sightline.models.on_views import OnViews, fitted, paste_heatmaps
from sightline.scene import Scene

SIZE = (512, 256)
TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


def squeeze(scenes: list[Scene]) -> Batch:
    heads, image_of, _ = gather_people(scenes)
    small = [torch.nn.functional.adaptive_avg_pool2d(s.image.float(), 48) for s in scenes]
    return Batch(torch.stack(small), heads, image_of)


class Red(GazeModel):
    """Looks at the reddest place, and says that it is inside where it is red at all."""

    preprocess = staticmethod(squeeze)

    def __init__(self, *, tells_inside: bool = True) -> None:
        super().__init__()
        self.config, self.tells_inside = None, tells_inside
        self.anything = torch.nn.Parameter(torch.zeros(1))

    def forward(self, batch: Batch) -> Tensor:
        return batch.images[batch.image_of][:, 0]

    def decode(self, output: Tensor, batch: Batch) -> list[Gaze]:
        half = 0.5 / output.shape[-1]
        people = {"points": peaks(output) + half, "heatmaps": output}
        if self.tells_inside:
            people["inside"] = output.amax((1, 2)) / 255
        return split_by_image(batch, **people)


def head_at(u: float, v: float) -> Tensor:
    return torch.tensor([[u - 0.02, v - 0.05, u + 0.02, v + 0.05]]) * torch.tensor([*SIZE, *SIZE])


def scene(head: tuple[float, float], target: tuple[float, float]) -> Scene:
    image = with_discs([(*target, 6.0, (255, 0, 0))], SIZE[0])
    return Scene(image, head_at(*head), projection="equirectangular")


def degrees_off(gaze: Gaze, target: tuple[float, float]) -> float:
    rays = to_rays(gaze.points), to_rays(torch.tensor([target]))
    return float(great_circle(*rays).rad2deg())


CASES = {
    "before the head": ((0.4, 0.5), (0.45, 0.6)),
    "far right, over the seam": ((0.95, 0.45), (0.15, 0.5)),
    "far left, over the seam": ((0.02, 0.5), (0.82, 0.4)),
    "above": ((0.5, 0.4), (0.55, 0.2)),
}


@pytest.mark.parametrize(("head", "target"), CASES.values(), ids=CASES)
def test_the_target_is_found_on_the_sphere(head, target) -> None:
    (gaze,) = OnViews(Red()).predict([scene(head, target)])
    assert degrees_off(gaze, target) < 2.5  # a cell is up to 2.5 degrees
    assert gaze.projection == "equirectangular"
    assert gaze.inside is None


@pytest.mark.parametrize(("head", "target"), CASES.values(), ids=CASES)
def test_the_heatmap_lies_on_the_panorama(head, target) -> None:
    (gaze,) = OnViews(Red()).predict([scene(head, target)])
    assert gaze.heatmaps.shape == (1, 64, 128)
    place = great_circle(
        to_rays(peaks(gaze.heatmaps) + torch.tensor([0.5 / 128, 0.5 / 64])),
        to_rays(torch.tensor([target])),
    )
    assert place.rad2deg() < 4


def test_the_direction_is_the_chord_from_head_to_target() -> None:
    gaze = OnViews(Red()).predict([scene((0.4, 0.5), (0.45, 0.6))])[0]
    chord = to_rays(gaze.points) - to_rays(centres(gaze.heads))
    assert_close(gaze.directions, chord / chord.norm(dim=-1, keepdim=True))


def test_without_inside_the_view_with_the_head_in_the_middle_counts() -> None:
    head, beside, far = (0.5, 0.5), (0.55, 0.5), (0.72, 0.5)
    image = with_discs([(*beside, 6.0, (200, 0, 0)), (*far, 6.0, (255, 0, 0))], SIZE[0])
    both = Scene(image, head_at(*head), projection="equirectangular")
    assert degrees_off(OnViews(Red(tells_inside=False)).predict([both])[0], beside) < 2.5
    assert degrees_off(OnViews(Red()).predict([both])[0], far) < 2.5


def test_a_turned_panorama_gives_a_turned_answer() -> None:
    still = scene((0.9, 0.45), (0.8, 0.6))
    turned = Scene(
        still.image.roll(128, -1),
        still.heads + torch.tensor([128.0, 0, 128, 0]) - torch.tensor([512.0, 0, 512, 0]),
        projection="equirectangular",
    )
    one, other = OnViews(Red()).predict([still, turned])
    assert_close((one.points[:, 0] + 0.25) % 1, other.points[:, 0], atol=1e-4, rtol=0)
    assert_close(one.heatmaps.roll(32, -1), other.heatmaps, atol=1.0, rtol=0)


def test_cells_outside_the_view_have_the_lowest_value() -> None:
    heatmap = torch.rand(1, 24, 24) + 3
    pasted = paste_heatmaps(heatmap, to_rays(torch.tensor([[0.0, 0.5]])))
    assert (pasted[:, :, 32:96] == heatmap.min()).all()  # behind the camera
    seen = pasted[:, 32, 0]
    assert_close(seen, heatmap[:, 11:13, 11:13].mean((1, 2)), atol=0.3, rtol=0)
    assert pasted.max() <= heatmap.max()


def test_panoramas_of_several_sizes_and_without_people_share_a_batch() -> None:
    model = OnViews(create("pdp-small", **TINY))
    large = torch.randint(0, 256, (3, 512, 1024), dtype=torch.uint8)
    two = Scene(large, torch.tensor([[1000.0, 200, 1060, 260], [300, 250, 340, 290]]))
    two.projection = "equirectangular"
    nobody = Scene(two.image, torch.zeros(0, 4), projection="equirectangular")
    one = scene((0.3, 0.4), (0.4, 0.5))
    together = model.predict([two, nobody, one])
    assert [len(gaze) for gaze in together] == [2, 0, 1]
    assert together[1].heatmaps.shape == (0, 64, 128)
    for gaze, alone in zip(together, (two, nobody, one), strict=True):
        (lone,) = model.predict([alone])
        assert_close(gaze.points, lone.points, atol=1e-4, rtol=0)
        assert_close(gaze.heads[:, 2] * alone.size[0], alone.heads[:, 2])


def test_a_dataset_of_panoramas_is_predicted_by_an_ordinary_model() -> None:
    class Panoramas(list):
        projection = "equirectangular"

    data = Panoramas([scene(*case) for case in CASES.values()])
    pairs = [
        pair for part in predict_dataset(Red(), data, batch_size=3, workers=0) for pair in part
    ]
    for (gaze, _), (_, target) in zip(pairs, CASES.values(), strict=True):
        assert degrees_off(gaze, target) < 2.5


def test_the_preprocess_can_be_sent_to_other_processes() -> None:
    model = OnViews(create("pdp-small", **TINY))
    assert pickle.loads(pickle.dumps(model.preprocess)) == model.preprocess


def test_a_person_without_a_head_box_is_an_error_that_names_the_scene() -> None:
    nameless = Scene(torch.zeros(3, 64, 128, dtype=torch.uint8), torch.full((1, 4), torch.nan))
    nameless.key, nameless.projection = "pano.jpg", "equirectangular"
    with pytest.raises(ValueError, match=r"pano.jpg: a person has no head box"):
        OnViews(Red()).predict([nameless])


@pytest.mark.parametrize(
    ("name", "reason"), [("pdp-video-nodepth", "several frames"), ("pdp", "depth maps")]
)
def test_models_that_need_more_than_a_picture_are_refused(name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fitted(create(name, **TINY), "equirectangular")


def test_a_model_of_panoramas_is_refused_for_ordinary_pictures() -> None:
    model = OnViews(Red())
    assert fitted(model, "equirectangular") is model
    with pytest.raises(ValueError, match="this model reads panoramas"):
        fitted(model, "perspective")
