"""What a CPU can say about other devices: where tensors live, what is asked for."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from helpers_training import events, network, settings, stack_of
from torch._inductor import config as inductor_config
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from relearn.errors import UserError
from relearn.training import devices, modes, parallel
from relearn.training.stepper import Stepper
from relearn.training.tables import Tables
from relearn.training.tagger_settings import TaggerTraining


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
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
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


def test_a_gpu_needs_a_c_compiler_to_compile(tmp_path, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    network, gpu = torch.nn.Linear(2, 2), torch.device("cuda")
    auto, on = (TaggerTraining(compile=mode) for mode in ("auto", "on"))
    assert modes.compiled(network, auto, gpu) is network
    with pytest.raises(UserError, match=r"a C compiler.*gcc"):
        modes.compiled(network, on, gpu)
    (tmp_path / "gcc").touch(0o755)
    assert modes.compiled(network, auto, gpu) is not network
    assert modes.compiled(network, auto, torch.device("cpu")) is network


class Recorded(TorchDispatchMode):
    """A CUDA graph on the CPU: the operations of a block, to be done again on the same memory."""

    def __init__(self):
        super().__init__()
        self.done = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("a graph cannot give a number to Python")
        result = operation(*args, **(kwargs or {}))
        self.done.append((operation, args, kwargs or {}, result))
        return result

    def replay(self):
        for operation, args, kwargs, result in self.done:
            again = operation(*args, **kwargs)
            for old, new in zip(
                *map(torch.utils._pytree.tree_leaves, (result, again)), strict=True
            ):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@pytest.fixture
def cuda(monkeypatch):
    """Streams that do nothing, and graphs that record."""

    @contextmanager
    def capture(graph):
        with graph:
            yield

    stream = SimpleNamespace(wait_stream=lambda other: None)
    for name, stand_in in {
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda one: nullcontext(),
        "CUDAGraph": Recorded,
        "graph": capture,
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)


@pytest.mark.parametrize("frozen", [0, 1])
def test_a_graph_takes_the_same_steps(cuda, frozen):
    tables = events("pt", "mass")
    rows = [
        [
            network(hidden, "leaky_relu", target, trial)
            for hidden in ((3,), (5,))
            for target in ("pt", "mass")
        ]
        for trial in (0, 1)
    ]
    order = torch.stack([torch.randperm(len(tables.inputs)) for _ in rows])
    found = []
    for graph in (False, True):
        stack = stack_of(rows, tables, settings(), frozen=frozen)
        stepper = Stepper(stack, tables, "off")
        if graph:
            stepper._take = stepper._graph()
            assert not stepper.total.any(), "steps to warm up count for nothing"
        for _ in range(2):
            stepper(order)
        found.append((stack.parameters, stack.first, stack.second, stack.steps, stepper.total))
    for eager, replayed in zip(*found, strict=True):
        assert eager.abs().sum() > 0
        torch.testing.assert_close(replayed, eager, rtol=0, atol=0)


def test_a_graph_has_no_numbers_for_python(cuda):
    with pytest.raises(RuntimeError, match="number to Python"), torch.cuda.graph(Recorded()):
        torch.ones(1).item()


@pytest.fixture
def gpus(monkeypatch, tmp_path):
    """Say how many GPUs there are; see which ones jobs take."""
    taken = []
    monkeypatch.setattr(devices, "_held", [])
    monkeypatch.setattr(devices.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=f"GPU-{number}")
    )

    def there_are(count):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        return taken

    yield there_are
    for lock in devices._held:
        lock.close()


@pytest.mark.parametrize("name", ["auto", "cuda"])
def test_each_job_takes_a_gpu_of_its_own_while_there_are_any(gpus, name):
    taken = gpus(3)
    found = [devices.resolve(name) for _ in range(4)]
    assert [one.index for one in found[:3]] == [0, 1, 2] and found[3].index in range(3)
    assert taken == found and len(devices._held) == 3
    devices._held.pop(1).close()  # the second job has ended
    assert devices.resolve(name).index == 1


def test_one_gpu_is_shared_by_all(gpus):
    gpus(1)
    assert [devices.resolve("cuda").index for _ in range(2)] == [0, 0] and not devices._held


def test_processes_of_one_training_never_share_a_gpu(gpus, monkeypatch):
    monkeypatch.setattr(parallel, "count", lambda: 2)
    gpus(1)
    with pytest.raises(UserError, match=r"devices: 2, but this job sees 1 GPU"):
        devices.resolve("cuda")
    gpus(3)
    assert [devices.resolve("cuda").index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(UserError, match=r"other trainings hold the GPUs.*--resources gpu=3"):
        devices.resolve("cuda")


def test_apples_gpu_cannot_share_a_training():
    parallel.check(1, torch.device("mps"))
    with pytest.raises(UserError, match=r"devices: 2, but Apple's GPU"):
        parallel.check(2, torch.device("mps"))
