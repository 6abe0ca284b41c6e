"""The trainable head detector: its batches, its losses, and its weights in the detector's hands."""

from dataclasses import replace

import pytest
import torch
from torchvision.ops import box_iou

from sightline.datasets import load_dataset
from sightline.geometry.boxes import to_pixels
from sightline.media.detectors import choose_detector
from sightline.models import find_recipe, read_model
from sightline.models.head_detector.loss import head_detector_loss
from sightline.models.head_detector.model import head_detector
from sightline.models.optimizers import adamw
from sightline.models.weights import save_weights
from sightline.scene import Scene
from sightline.train import Resources, train
from worlds import write_tiny_gazefollow


def squares(boxes: list[list[int]], size=(96, 64), seed=0) -> Scene:
    """A dark picture of noise with a bright square for each head."""
    generator = torch.Generator().manual_seed(seed)
    width, height = size
    image = torch.randint(60, (3, height, width), dtype=torch.uint8, generator=generator)
    for x0, y0, x1, y1 in boxes:
        image[:, max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 255
    return Scene(image, torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4))


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return head_detector()


def test_heads_follow_their_pictures_into_the_padded_batch(model):
    wide, tall = squares([[10, 20, 30, 40]]), squares([[5, 6, 25, 36], [40, 50, 60, 70]], (64, 96))
    batch = model.preprocess([wide, tall])
    assert batch.images.shape == (2, 3, 480, 480)  # each was enlarged five times, then padded
    pixels = to_pixels(batch.heads, (480, 480))
    torch.testing.assert_close(pixels, torch.cat([wide.heads, tall.heads]) * 5)
    assert batch.image_of.tolist() == [0, 1, 1]


def test_the_batch_is_what_the_detector_makes_of_the_picture(model):
    scene = squares([[10, 20, 30, 40]])
    expected, _ = model.preprocess.transform.eval()([scene.image / 255])
    assert torch.equal(model.preprocess([scene]).images, expected.tensors)


def test_heads_are_cut_at_the_border_and_those_without_area_are_left_out(model):
    scene = squares([[-10, -10, 20, 20], [90, 60, 120, 80], [100, 10, 120, 30], [5, 5, 5, 30]])
    nan = torch.full((1, 4), torch.nan)
    batch = model.preprocess([replace(scene, heads=torch.cat([scene.heads, nan]))])
    expected = torch.tensor([[0.0, 0.0, 20.0, 20.0], [90.0, 60.0, 96.0, 64.0]]) * 5
    torch.testing.assert_close(to_pixels(batch.heads, (480, 320)), expected)


@pytest.mark.parametrize("autocast", [False, True])
def test_the_loss_has_torchvisions_terms_and_reaches_all_parameters(autocast):
    model = head_detector().train()
    batch = model.preprocess([squares([[10, 20, 40, 50]]), squares([])])
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        terms = head_detector_loss(model, batch)
    assert set(terms) == {
        "loss_objectness",
        "loss_rpn_box_reg",
        "loss_classifier",
        "loss_box_reg",
    }
    assert all(term.dtype == torch.float32 and term.isfinite() for term in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    still = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not still


def test_pictures_without_heads_are_negatives(model):
    terms = head_detector_loss(model.train(), model.preprocess([squares([]), squares([])]))
    assert terms["loss_objectness"] > 0
    assert terms["loss_classifier"] > 0
    assert terms["loss_rpn_box_reg"] == terms["loss_box_reg"] == 0


def test_it_learns_to_find_squares():
    torch.manual_seed(0)
    model = head_detector()
    model.preprocess.transform.min_size = (128,)  # a sixth of the work
    boxes = [[10, 20, 50, 60]], [[60, 50, 110, 100]], [[70, 10, 106, 46], [20, 80, 60, 120]], []
    scenes = [squares(list(b), (128, 128), seed) for seed, b in enumerate(boxes)]
    batch, optimizer = model.preprocess(scenes), adamw(model, 1e-3)
    for _ in range(25):
        optimizer.zero_grad()
        torch.stack(list(head_detector_loss(model.train(), batch).values())).sum().backward()
        optimizer.step()
    with torch.no_grad():
        found, _ = model.eval()(batch)
    for boxes, scene in zip(found, scenes, strict=True):
        sure = boxes["boxes"][boxes["scores"] > 0.5]
        assert (
            len(sure) == 0 if len(scene) == 0 else (box_iou(scene.heads, sure) > 0.5).any(1).all()
        )


def test_saved_weights_find_the_same_boxes_again(tmp_path):
    torch.manual_seed(0)
    model = head_detector().eval()
    model.roi_heads.box_predictor.cls_score.weight.data *= 1000  # untrained, all score the same
    scene = squares([[10, 20, 40, 50]], (320, 320))
    with torch.no_grad():
        (expected,), _ = model(model.preprocess([scene]))
    save_weights(model, tmp_path / "best.safetensors", name="head-detector")
    found = choose_detector(str(tmp_path / "best.safetensors"))(scene.image)
    sure = expected["scores"] >= 0.5
    assert sure.any()
    assert torch.equal(found.boxes, expected["boxes"][sure])
    again, _ = read_model("head-detector", tmp_path / "best.safetensors")
    assert all(map(torch.equal, again.state_dict().values(), model.state_dict().values()))


def test_prediction_of_gaze_is_refused_with_a_hint(model):
    with pytest.raises(NotImplementedError, match="--detector FILE"):
        model.eval().predict([squares([[10, 20, 40, 50]])])


def test_a_picture_of_gazefollow_has_all_its_heads(tmp_path):
    write_tiny_gazefollow(tmp_path)
    file = tmp_path / "train_annotations_release.txt"
    rows = file.read_text().splitlines()
    moved = [
        ",".join([*row.split(",")[:10], "1", "2", "9", "8", *row.split(",")[14:]]) for row in rows
    ]
    file.write_text("\n".join([*rows, *moved[:5], *moved[:1]]) + "\n")
    people = load_dataset("gazefollow", tmp_path, "trainval")
    pictures = load_dataset("gazefollow-pictures", tmp_path, "trainval")
    assert len(people) == 30
    assert [len(scene) for scene in pictures] == [3, 2, 2, 2, 2] + [1] * 19
    first = [0, 24, 29]
    assert pictures[0].key == people[0].key.removesuffix("#0")
    assert torch.equal(pictures[0].image, people[0].image)
    assert torch.equal(pictures[0].heads, torch.cat([people[i].heads for i in first]))
    assert torch.equal(pictures[0].truth.points, torch.cat([people[i].truth.points for i in first]))
    assert pictures[0].truth.inside.tolist() == [people[i].truth.inside.item() for i in first]


def test_the_recipe_trains_and_leaves_weights_for_the_detector(tmp_path):
    write_tiny_gazefollow(tmp_path, train=4, test=1)
    recipe = find_recipe("head-detector", epochs=1, batch_size=2)
    train(recipe, tmp_path, tmp_path / "run", resources=Resources("cpu", workers=0))
    detector = choose_detector(str(tmp_path / "run" / "all" / "best.safetensors"))
    picture = torch.zeros(3, 64, 96, dtype=torch.uint8)
    assert detector(picture).boxes.shape[1] == 4
