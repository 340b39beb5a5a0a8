"""The compiled minima of weighted distances, and their gradients."""

import numpy as np
import pytest
import torch

from relearn.models.minima import minima_of_tensors, weighted_minima

MINKOWSKI = torch.tensor([1.0, -1.0, -1.0, -1.0])


def problem(jets, vectors, copies, dtype=torch.float64):
    torch.manual_seed(1)
    k, g = torch.randn(jets, 4, vectors, dtype=dtype), MINKOWSKI + 0.1 * torch.randn(4)
    w = torch.randn(copies, vectors, vectors, dtype=dtype)
    return [x.to(dtype).requires_grad_() for x in (k, g, w)]


@pytest.mark.parametrize("forms", [weighted_minima, minima_of_tensors])
def test_minima_are_those_of_plain_loops(forms):
    k, g, w = problem(3, 5, 2)
    found = forms(k, g, w).detach().numpy()
    vectors, metric, weight = (x.detach().numpy() for x in (k, g, w))
    for b, c, j in np.ndindex(found.shape):
        pairs = [vectors[b, :, j] - vectors[b, :, m] for m in range(5)]
        values = [weight[c, j, m] * np.sum(metric * pairs[m] ** 2) for m in range(5)]
        assert found[b, c, j] == pytest.approx(min(values), rel=1e-12, abs=1e-12)


def test_gradients_are_those_of_finite_differences():
    assert torch.autograd.gradcheck(weighted_minima, problem(3, 5, 2))


def test_gradients_are_those_of_the_tensor_form_in_single_precision():
    inputs = problem(20, 12, 2, torch.float32)
    upstream = torch.randn(20, 2, 12)
    ours, theirs = (
        torch.autograd.grad(form(*inputs), inputs, upstream)
        for form in (weighted_minima, minima_of_tensors)
    )
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_only_wanted_gradients_are_needed():
    k, g, w = problem(3, 5, 1)
    weighted_minima(k.detach(), g.detach(), w).sum().backward()
    assert k.grad is None and g.grad is None and w.grad.abs().sum() > 0


def test_the_operators_keep_what_torch_asks_of_them():
    k, g, w = problem(3, 5, 2)
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.relearn.weighted_minima, (k, g, w), test_utils=tests)


def test_a_vector_that_is_no_number_shows():
    k, g, w = (x.detach() for x in problem(2, 4, 2))
    k[1, 2, 3] = torch.nan
    found = weighted_minima(k, g, w)
    assert found[0].isfinite().all() and not found[1, :, 3].isfinite().any()
