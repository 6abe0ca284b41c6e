"""Attention in bfloat16 on processors gives what PyTorch's own gives."""

from typing import Any

import pytest
import torch
from timm.models.vision_transformer import Attention
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from sightline.models.gazelle import attention
from sightline.models.gazelle.attention import attend, fast_attention


def inputs(tokens: int = 37, size: int = 32, dtype: torch.dtype = torch.bfloat16) -> list[Tensor]:
    generator = torch.Generator().manual_seed(tokens)
    return [torch.randn(2, 3, tokens, size, generator=generator).to(dtype) for _ in range(3)]


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The queries of calls that were taken over."""
    seen: list[Tensor] = []
    monkeypatch.setattr(attention, "attend", lambda q, k, v: seen.append(q) or attend(q, k, v))
    return seen


@pytest.mark.parametrize("scores", [1, 2 * 37**2, 2**21])
@pytest.mark.parametrize("size", [32, 64])
def test_it_is_pytorchs_attention_however_many_heads_at_a_time(
    monkeypatch: pytest.MonkeyPatch, scores: int, size: int
) -> None:
    monkeypatch.setattr(attention, "SCORES", scores)
    given = inputs(size=size)
    exact = scaled_dot_product_attention(*(x.float() for x in given))
    assert (attend(*given).float() - exact).abs().max() < 2**-7 * exact.abs().max()


def test_large_scores_do_not_overflow() -> None:
    query, key, value = inputs()
    exact = scaled_dot_product_attention(*(x.float() for x in (200 * query, key, value)))
    assert (attend(200 * query, key, value).float() - exact).abs().mean() < 0.01


def test_timms_layers_use_it(replaced: list[Tensor]) -> None:
    layer = Attention(64, num_heads=4).bfloat16()
    with torch.no_grad(), fast_attention(torch.device("cpu")):
        layer(torch.randn(2, 9, 64).bfloat16())
    assert [query.shape for query in replaced] == [(2, 4, 9, 16)]


@pytest.mark.parametrize(
    "options",
    [
        {"attn_mask": torch.eye(37).bool()},
        {"is_causal": True},
        {"dropout_p": 0.5},
        {"scale": 1.0},
    ],
    ids=lambda options: next(iter(options)),
)
@torch.no_grad()
def test_a_call_with_options_stays_pytorchs(
    options: dict[str, Any], replaced: list[Tensor]
) -> None:
    torch.manual_seed(0)
    expected = scaled_dot_product_attention(*inputs(), **options)
    torch.manual_seed(0)
    with fast_attention(torch.device("cpu")):
        assert torch.equal(scaled_dot_product_attention(*inputs(), **options), expected)
    assert not replaced


def test_a_mask_without_its_name_is_no_exception(replaced: list[Tensor]) -> None:
    mask = torch.eye(37).bool()
    with torch.no_grad(), fast_attention(torch.device("cpu")):
        result = scaled_dot_product_attention(*inputs(), mask)
    assert not replaced
    assert torch.allclose(result, inputs()[2], atol=0.01)  # each sees itself alone


def test_float32_stays_exact(replaced: list[Tensor]) -> None:
    given = inputs(dtype=torch.float32)
    with torch.no_grad(), fast_attention(torch.device("cpu")):
        result = scaled_dot_product_attention(*given)
    assert not replaced
    assert torch.equal(result, scaled_dot_product_attention(*given))


def test_gradients_stay_pytorchs(replaced: list[Tensor]) -> None:
    query, key, value = inputs()
    query.requires_grad_()
    with fast_attention(torch.device("cpu")):
        scaled_dot_product_attention(query, key, value).sum().backward()
    assert not replaced
    assert query.grad is not None
