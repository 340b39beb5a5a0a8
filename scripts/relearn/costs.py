"""About how long a training step takes, from sizes alone: for grouping and for estimates.

Pure Python, between the config and `relearn.scans`. The numbers are committed, not measured at
run time, so that the same config makes the same jobs on every machine. They are of one core of
a recent server, with its neighbour at work.
"""

from collections.abc import Sequence

CALL_SECONDS = 1.5e-4  # of a stack's step, whatever is in it: what its kernels take to be called
FLOPS_PER_SECOND = 7.5e10  # of the matrix products
# Of a hidden node and event: all that is no matrix product, mostly the activation.
NODE_SECONDS = {
    "linear": 0.8e-9,
    "relu": 1.0e-9,
    "leaky_relu": 1.0e-9,
    "sigmoid": 1.4e-9,
    "elu": 3.0e-9,
    "softplus": 3.5e-9,
    "tanh": 4.5e-9,
}
DROPOUT_SECONDS = 4.5e-9  # of a hidden node and event: mostly its random number


def step_seconds(
    sizes: Sequence[int], activation: Sequence[str], batch_size: int, dropout: float = 0.0
) -> float:
    """Return about the seconds that one network adds to a gradient step of a stack.

    Parameters
    ----------
    sizes
        Nodes of every layer, from the inputs to the outputs.
    activation
        Of each hidden layer.
    batch_size
        Events in a step.
    dropout
        Its rate.
    """
    weights = [(a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False)]
    # Forward 2 for each weight and event, backward 4; but nobody asks for the inputs' gradient.
    products = (6 * sum(weights) - 2 * weights[0]) / FLOPS_PER_SECOND
    nodes = sum(
        count * (NODE_SECONDS[name] + (DROPOUT_SECONDS if dropout else 0.0))
        for count, name in zip(sizes[1:-1], activation, strict=True)
    )
    return batch_size * (products + nodes)
