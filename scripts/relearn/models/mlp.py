"""Fully connected networks: initial weights, and one network as an ordinary module."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from relearn.errors import UserError
from relearn.models import activations
from relearn.models.storage import Stored

SIZES = {"paper": (10,), "small": (5,), "large": (100, 100)}


class MLP(nn.Module):
    """A fully connected network between natural units.

    Parameters
    ----------
    sizes
        Nodes of every layer, from the inputs to the outputs.
    names
        Activation of each hidden layer.
    convention
        ``keras`` or ``pytorch``: the slope of LeakyReLU.

    Attributes
    ----------
    layers : list of nn.Linear
        Between standardised inputs and standardised outputs.
    input_mean, input_std, target_mean, target_std : Tensor
        The standardisation, of the training events.
    """

    def __init__(self, sizes: Sequence[int], names: Sequence[str], convention: str = "keras"):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.activations = tuple(names)
        self._functions = [activations.function(name, convention) for name in names]
        for side, size in (("input", sizes[0]), ("target", sizes[-1])):
            self.register_buffer(f"{side}_mean", torch.zeros(size))
            self.register_buffer(f"{side}_std", torch.ones(size))

    def hidden(self, x: Tensor) -> list[Tensor]:
        """Return the values of each hidden layer, after its activation.

        Parameters
        ----------
        x
            Events (n, inputs), natural units.
        """
        values, x = [], (x - self.input_mean) / self.input_std
        for layer, function in zip(self.layers[:-1], self._functions, strict=True):
            x = function(layer(x))
            values.append(x)
        return values

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (n, outputs) for events (n, inputs), in natural units."""
        hidden = self.hidden(x)
        last = hidden[-1] if hidden else (x - self.input_mean) / self.input_std
        return self.layers[-1](last) * self.target_std + self.target_mean


def build(
    size: str | Sequence[int] = "paper",
    n_inputs: int = 8,
    n_outputs: int = 1,
    activation: str = "leaky_relu",
    convention: str = "keras",
) -> MLP:
    """Return an untrained network of a named size, or with these hidden layers."""
    if isinstance(size, str) and size not in SIZES:
        raise UserError(f"mlp has no size {size!r}; it has {', '.join(SIZES)}")
    hidden = SIZES[size] if isinstance(size, str) else tuple(size)
    return MLP((n_inputs, *hidden, n_outputs), [activation] * len(hidden), convention)


def restore(stored: Stored) -> MLP:
    """Return a trained network."""
    run = stored.run
    network = MLP(run.sizes, run.activation, run.convention)
    with torch.no_grad():
        for layer, (weight, bias) in zip(network.layers, stored.layers, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
        for side, scale in (("input", stored.inputs), ("target", stored.target)):
            getattr(network, f"{side}_mean").copy_(torch.from_numpy(scale.mean))
            getattr(network, f"{side}_std").copy_(torch.from_numpy(scale.std))
    return network.eval()


def initial_layers(
    sizes: Sequence[int], initialiser: str, generator: torch.Generator
) -> list[tuple[Tensor, Tensor]]:
    """Return initial weights (out, in) and biases (out,), float32, of every layer.

    Parameters
    ----------
    sizes
        Nodes of every layer.
    initialiser
        ``glorot_*`` (variance 2/(in + out)) and ``he_*`` (2/in), ``*_uniform`` or
        ``*_normal``, with zero biases as Keras has them; ``pytorch``: what ``nn.Linear`` draws,
        weights and biases uniform within 1/√in. Keras cuts its normal distributions at two
        standard deviations and widens them to the same variance; so do we.
    generator
        Of the network's own seed, on the CPU, so that the device does not matter.
    """
    layers = []
    for fan_in, fan_out in zip(sizes, sizes[1:], strict=False):
        shape = (fan_out, fan_in)
        bias = torch.zeros(fan_out)
        if initialiser == "pytorch":
            limit = 1 / math.sqrt(fan_in)
            weight = torch.empty(shape).uniform_(-limit, limit, generator=generator)
            bias.uniform_(-limit, limit, generator=generator)
        else:
            family, kind = initialiser.split("_")
            variance = 2 / (fan_in + fan_out) if family == "glorot" else 2 / fan_in
            if kind == "uniform":
                limit = math.sqrt(3 * variance)
                weight = torch.empty(shape).uniform_(-limit, limit, generator=generator)
            else:
                # standard deviation of a unit normal cut at ±2
                width = math.sqrt(variance) / 0.87962566103423978
                weight = nn.init.trunc_normal_(
                    torch.empty(shape), std=width, a=-2 * width, b=2 * width, generator=generator
                )
        layers.append((weight, bias))
    return layers
