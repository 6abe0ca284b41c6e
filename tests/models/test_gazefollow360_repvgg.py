"""RepVGG against reference outputs of its blocks, fused kernels and a whole network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill, official
from torch import Tensor, nn

from sightline.models.gazefollow360.repvgg import (
    VARIANTS,
    RepVGGBlock,
    custom_l2,
    deployed,
    fused,
    repvgg,
)

PARAMETERS = {  # in millions, of the form to train; those of g2 were not published
    "repvgg-a0": 9.11,
    "repvgg-a1": 14.09,
    "repvgg-a2": 28.21,
    "repvgg-b0": 15.82,
    "repvgg-b1": 57.42,
    "repvgg-b1g4": 39.97,
    "repvgg-b2": 89.02,
    "repvgg-b2g4": 61.76,
    "repvgg-b3": 123.09,
    "repvgg-b3g4": 83.83,
    "repvgg-d2se": 133.33,
}
BLOCKS = {  # inputs, outputs and the rest
    "same": (8, 8, {}),
    "down": (8, 16, {"stride": 2}),
    "se": (32, 32, {"squeeze": True}),
}


def filled(golden: Path, name: str) -> RepVGGBlock:
    inputs, outputs, rest = BLOCKS[name]
    block = RepVGGBlock(inputs, outputs, **rest)
    state = official(golden, f"gazefollow360/layout_repvgg_block_{name}.json")
    block.load_state_dict({k.removeprefix(f"block_{name}."): v for k, v in state.items()})
    return block.eval()


def inputs(golden: Path, name: str, shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(fill(golden).normal(f"gf360.main.repvgg.{name}", shape))


def reference(golden: Path, name: str) -> Tensor:
    return torch.from_numpy(np.load(golden / "gazefollow360" / "repvgg.npz")[name])


@pytest.mark.golden
@pytest.mark.parametrize("name", BLOCKS)
@torch.no_grad()
def test_blocks_reproduce_the_reference_in_both_forms(golden: Path, name: str) -> None:
    block = filled(golden, name)
    maps = inputs(golden, name, (2, BLOCKS[name][0], 12, 12))
    expected = reference(golden, f"block_{name}_output")
    torch.testing.assert_close(block(maps), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(deployed(block)(maps), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.golden
@pytest.mark.parametrize("name", ["same", "down"])
def test_fused_kernels_are_those_of_the_reference(golden: Path, name: str) -> None:
    kernel, bias = fused(filled(golden, name))
    torch.testing.assert_close(kernel, reference(golden, f"block_{name}_kernel"))
    torch.testing.assert_close(bias, reference(golden, f"block_{name}_bias"))


@pytest.mark.golden
@pytest.mark.parametrize("name", BLOCKS)
def test_the_penalty_of_a_block_is_that_of_the_reference(golden: Path, name: str) -> None:
    penalty = custom_l2(filled(golden, name))
    torch.testing.assert_close(penalty[None], reference(golden, f"block_{name}_custom_l2"))


@pytest.mark.golden
@torch.no_grad()
def test_a_network_reproduces_the_reference_in_both_forms(golden: Path) -> None:
    network = repvgg("repvgg-a0").eval()
    network.load_state_dict(official(golden, "gazefollow360/layout_repvgg_a0.json"))
    pictures, expected = inputs(golden, "a0", (2, 3, 64, 64)), reference(golden, "a0_logits")
    small = deployed(network)
    for form in (network, small):
        assert (form(pictures) - expected).abs().max() < 1e-4 * expected.abs().max()
    layout = official(golden, "gazefollow360/layout_repvgg_a0_deploy.json")
    assert {k: v.shape for k, v in small.state_dict().items()} == {
        k: v.shape for k, v in layout.items()
    }


@pytest.mark.parametrize("name", PARAMETERS)
def test_variants_have_the_published_number_of_parameters(name: str) -> None:
    with torch.device("meta"):
        network = repvgg(name)
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(
        PARAMETERS[name], abs=0.006
    )


def test_groups_are_in_every_other_block() -> None:
    with torch.device("meta"):
        network = repvgg("repvgg-b1g2")
    groups = [m.conv.groups for n, m in network.named_modules() if n.endswith("rbr_dense")]
    assert groups == [1] + [1, 2] * 13 + [1]
    assert len(VARIANTS) == 14


@torch.no_grad()
def test_a_grouped_block_and_what_is_around_it_are_deployed_as_a_copy() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), RepVGGBlock(8, 8, groups=4)).eval()
    for norm in (m for m in network.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 1.5)
    small, pictures = deployed(network), torch.randn(2, 3, 6, 6)
    torch.testing.assert_close(small(pictures), network(pictures))
    assert any("rbr_dense" in name for name in network.state_dict())
    assert not any("rbr_dense" in name for name in small.state_dict())
