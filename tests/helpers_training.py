"""Networks, events, and the plain way of training that the engine must equal."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from relearn.data import dimuon, hdf5, momenta
from relearn.kinematics import MUON_MASS, from_pt_eta_phi_mass
from relearn.models import mlp
from relearn.scans import Run, n_inputs, n_outputs, run_name
from relearn.seeds import derive
from relearn.training import job
from relearn.training.fit import Fit, results, train
from relearn.training.stack import Stack
from relearn.training.tables import Tables

ROOT_SEED = 7
# Keras' constants and PyTorch's, written down once more: the engine's own are under test.
SLOPE = {"keras": 0.3, "pytorch": 0.01}
EPSILON = {"keras": 1e-7, "pytorch": 1e-8}
ACTIVATIONS = ("relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid", "linear")


def network(hidden=(5,), activation="leaky_relu", target="pt", trial=0, **changes) -> Run:
    """A network to train; `changes` are further fields of `Run`."""
    point = {
        "hidden": tuple(hidden),
        "activation": activation,
        "dataset": "toy",
        "target": target,
        "convention": "keras",
        "initialiser": "glorot_uniform",
        "dropout": 0.0,
        "start": "scratch",
    } | changes
    names = activation.split("+")
    name = run_name(point, "mlp", trial)
    per_layer = tuple(names if len(names) == len(hidden) else names * len(hidden))
    return Run(
        name=name,
        scan="scan",
        architecture="mlp",
        trial=trial,
        seed=derive(name, root=ROOT_SEED),
        **(point | {"activation": per_layer}),
    )


def settings(**changes) -> dict:
    """Settings of a short training."""
    return {
        "epochs": 4,
        "batch_size": 64,
        "learning_rate": 0.01,
        "patience": None,
        "compile": "off",
        "validate_every": 1,
        "threads": 1,
    } | changes


def events(*targets: str, train=256, validation=100, seed=5) -> Tables:
    """Standardised events of smooth functions, in torch's default precision.

    100 validation events are no multiple of a batch, so that a part of one is evaluated too.
    """
    rng = np.random.default_rng(seed)
    features = n_inputs(targets[0])
    mixing = rng.normal(size=(features, sum(map(n_outputs, targets))))

    def side(count):
        inputs = rng.normal(size=(count, features))
        wanted = np.tanh(inputs @ mixing) + 0.3 * (inputs**2) @ np.abs(mixing) / features
        dtype = torch.get_default_dtype()
        with_one = np.hstack([inputs, np.ones((count, 1))])
        return torch.from_numpy(with_one).to(dtype), torch.from_numpy(wanted).to(dtype)

    columns, first = {}, 0
    for target in targets:
        columns[target] = first
        first += n_outputs(target)
    inputs, wanted = side(train)
    validation_inputs, validation_wanted = side(validation)
    return Tables(
        inputs, wanted, validation_inputs.T.contiguous(), validation_wanted, columns, scaling={}
    )


def initial(run: Run):
    """Initial layers of a network, from its own seed."""
    generator = torch.Generator().manual_seed(run.seed)
    return mlp.initial_layers(run.sizes, run.initialiser, generator)


def stack_of(rows, tables, training, frozen=0, start=None, device="cpu") -> Stack:
    """The networks of `rows` (trials, networks) as one stack."""
    start = start or {run.name: initial(run) for row in rows for run in row if run}
    return Stack(
        rows,
        start,
        tables.columns,
        training["batch_size"],
        training["learning_rate"],
        torch.device(device),
        frozen,
    )


def fit_of(rows, tables, training, **options) -> Fit:
    """A training that has not begun."""
    return Fit(stack_of(rows, tables, training, **options), tables, training, ROOT_SEED)


def trained(rows, tables, training, **options):
    """Train a stack to its end: run name → `Trained`."""
    fit = fit_of(rows, tables, training, **options)
    train(fit, lambda fit: None, lambda taken, loss: None)
    return results(fit)


class GivenDropout(nn.Module):
    """Dropout whose choice is drawn from a given generator, (nodes, events) at a time."""

    def __init__(self, rate, generator):
        super().__init__()
        self.rate, self.generator = rate, generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand((x.shape[1], x.shape[0]), generator=self.generator) < 1 - self.rate
        return x * kept.T / (1 - self.rate)


def activation_module(name: str, convention: str) -> nn.Module:
    """PyTorch's own module of an activation."""
    return {
        "relu": nn.ReLU(),
        "leaky_relu": nn.LeakyReLU(SLOPE[convention]),
        "elu": nn.ELU(),
        "softplus": nn.Softplus(),
        "tanh": nn.Tanh(),
        "sigmoid": nn.Sigmoid(),
        "linear": nn.Identity(),
    }[name]


def sequential(run: Run, layers) -> nn.Sequential:
    """A network as anyone would write it, with these weights."""
    drops = torch.Generator().manual_seed(derive("dropout", run.name, root=ROOT_SEED))
    modules: list[nn.Module] = []
    for place, (weight, bias) in enumerate(layers):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        modules.append(linear)
        if place < len(run.hidden):
            modules.append(activation_module(run.activation[place], run.convention))
            if run.dropout:
                modules.append(GivenDropout(run.dropout, drops))
    return nn.Sequential(*modules)


@dataclass
class Plain:
    """What the plain training of one network gave."""

    losses: list[float]
    validation: list[float]
    layers: list[tuple[Tensor, Tensor]]
    best_epoch: int


def train_plainly(run: Run, tables: Tables, training, frozen=0, start=None) -> Plain:
    """Train one network alone with `nn.Sequential`, autograd and `torch.optim.Adam`."""
    model = sequential(run, start or initial(run))
    linear = [module for module in model if isinstance(module, nn.Linear)]
    for layer in linear[:frozen]:
        layer.requires_grad_(False)
    optimiser = torch.optim.Adam(
        [p for p in model.parameters() if p.requires_grad],
        lr=training["learning_rate"],
        eps=EPSILON[run.convention],
        foreach=False,
    )
    order = torch.Generator().manual_seed(derive("batches", run.dataset, run.trial, root=ROOT_SEED))
    first = tables.columns[run.target]
    columns = slice(first, first + n_outputs(run.target))
    inputs, wanted = tables.inputs[:, :-1], tables.targets[:, columns]
    size = training["batch_size"]
    found = Plain([], [], [], 0)
    for epoch in range(1, training["epochs"] + 1):
        model.train()
        places = torch.randperm(len(inputs), generator=order)
        losses = []
        for step in range(len(inputs) // size):
            batch = places[step * size : (step + 1) * size]
            optimiser.zero_grad()
            loss = nn.functional.mse_loss(model(inputs[batch]), wanted[batch])
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            out = model(tables.validation_inputs[:-1].T)
            loss = nn.functional.mse_loss(out, tables.validation_targets[:, columns]).item()
        if not found.validation or loss < min(found.validation):
            found.best_epoch = epoch
            found.layers = [(m.weight.detach().clone(), m.bias.detach().clone()) for m in linear]
        found.losses.append(sum(losses) / len(losses))
        found.validation.append(loss)
    return found


def muons(count: int, seed: int):
    """Pairs of muons (count, 8) with the spread of a Z sample, without a generator."""
    rng = np.random.default_rng(seed)
    sides = [
        from_pt_eta_phi_mass(
            20 + rng.exponential(20, count),
            rng.normal(0, 1.2, count),
            rng.uniform(-np.pi, np.pi, count),
            MUON_MASS,
        )
        for _ in range(2)
    ]
    return np.concatenate(sides, axis=1)


def write_muons(path, events=(300, 90, 50)):
    """Write a dataset `toy` of muon pairs with all targets."""
    inputs = [muons(count, seed) for seed, count in enumerate(events)]
    blocks = {
        split: hdf5.Block(values, dimuon.targets(values))
        for split, values in zip(hdf5.SPLITS, inputs, strict=True)
    }
    units = {name: target.unit for name, target in dimuon.TARGETS.items()}
    labels = {name: target.label for name, target in dimuon.TARGETS.items()}
    description = hdf5.Description(
        "dimuon", "toy", {}, dimuon.FEATURES, ("GeV",) * 8, units, labels
    )
    hdf5.write(path, blocks, description)
    return path


def write_momenta(path, events=(300, 90, 50)):
    """Write a dataset `toy` of toy momenta."""
    counts = dict(zip(hdf5.SPLITS, events, strict=True))
    hdf5.write(path, *momenta.build("toy", {"events": counts}, ROOT_SEED))
    return path


def scan(name="scan", trials=2, training=None, pretrained=None, batch_seconds=100.0, **axes):
    """A scan on the dataset `toy`, as the config gives it to a training job."""
    axes = {
        "dataset": ["toy"],
        "target": ["pt"],
        "hidden": [[3], [6]],
        "activation": ["leaky_relu"],
        "convention": ["keras"],
        "initialiser": ["default"],
        "dropout": [0.0],
        "start": ["scratch"],
    } | axes
    return {
        "name": name,
        "architecture": "mlp",
        "axes": axes,
        "trials": trials,
        "training": settings() | (training or {}),
        "pretrained": pretrained,
        "events": {"toy": 300},
        "seed": ROOT_SEED,
        "batch_seconds": batch_seconds,
    }


def train_job(spec, dataset, folder, **options) -> None:
    """Train the first batch of a scan and write it to `folder`."""
    task = job.Job(spec, "0000", dataset, device="cpu", **options)
    job.write(task, job.run(task), folder)
