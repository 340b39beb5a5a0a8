"""What a CPU can say about other devices: where tensors live, what is asked for."""

import pytest
import torch
from helpers_training import events, network, settings, stack_of
from torch._inductor import config as inductor_config
from torch._subclasses.fake_tensor import FakeTensorMode

from relearn.errors import UserError
from relearn.training import devices
from relearn.training.stepper import Stepper
from relearn.training.tables import Tables


def tables_on(device: str, *targets: str) -> Tables:
    tables = events(*targets)
    names = ("inputs", "targets", "validation_inputs", "validation_targets")
    tensors = {name: torch.zeros(getattr(tables, name).shape, device=device) for name in names}
    return Tables(**tensors, columns=tables.columns, scaling={})


@pytest.mark.parametrize("dropout", [0.0, 0.2], ids=["plain", "dropout"])
@pytest.mark.parametrize("targets", [("pt",), ("pt", "mass")], ids=["one target", "two"])
def test_a_step_mixes_no_devices(dropout, targets):
    """PyTorch's fake tensors know shapes and devices, and stop where two devices meet.

    The device `meta` stands for any that is not the CPU.
    """
    device = "meta"
    with FakeTensorMode(allow_non_fake_inputs=True):
        tables = tables_on(device, *targets)
        widths = ((3, 2), (5, 4))
        rows = [
            [
                network(hidden, "softplus", target, trial, dropout=dropout)
                for hidden in widths
                for target in targets
            ]
            for trial in (0, 1)
        ]
        stack = stack_of(rows, tables, settings(), frozen=1, device=device)
        # `off`: without a graph, which there is no CUDA here to hold
        stepper = Stepper(stack, tables, "off")
        order = torch.zeros(2, 256, dtype=torch.long, device=device)
        drops = [torch.Generator() for _ in stack.places]
        stepper(order, lambda: stack.draw_drops(drops) if dropout else None)
        loss = stack.evaluate(tables.validation_inputs, tables.validation_targets)
        held = [stack.parameters, stack.gradients, stack.first, stack.second, stack.steps]
        for tensor in (*held, stack.mask, stepper.total, loss):
            assert tensor.device.type == device
        stack.clear(1)
        for layer in stack.network(0, stack.parameters):
            assert all(tensor.device.type == "cpu" for tensor in layer)


def test_fake_tensors_would_tell():
    with FakeTensorMode(), pytest.raises(RuntimeError, match="two devices"):
        torch.zeros(3, device="meta") + torch.zeros(3)


@pytest.mark.parametrize(
    ("cuda", "mps", "found"),
    [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_what_is_there(cuda, mps, found, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert devices.resolve("auto").type == found
    assert devices.resolve("cpu").type == "cpu"
    for name, there in (("cuda", cuda), ("mps", mps)):
        if there:
            assert devices.resolve(name).type == name
        else:
            with pytest.raises(UserError, match=f"device: {name} is not available here"):
                devices.resolve(name)


def test_adam_has_a_fused_kernel_wherever_we_train():
    from torch.utils._foreach_utils import _get_fused_kernels_supported_devices

    assert {"cpu", "cuda", "mps"} <= set(_get_fused_kernels_supported_devices())


def test_products_are_in_full_single_precision():
    """On a GPU, TF32 would keep ten bits of the mantissa: invariant masses cancel too much."""
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cuda.matmul.allow_tf32


@inductor_config.patch({"cpp.cxx": (None, "/nowhere/c++")})
def test_without_a_compiler_only_compile_on_stops():
    tables = events("pt")
    stack = stack_of([[network()]], tables, settings())
    with pytest.raises(UserError, match=r"training\.compile.*C\+\+ compiler.*compile: auto"):
        Stepper(stack, tables, "on")
    for free in ("auto", "off"):
        stepper = Stepper(stack, tables, free)
        before = stack.parameters.clone()
        stepper(torch.arange(64)[None])
        assert not torch.equal(before, stack.parameters)
