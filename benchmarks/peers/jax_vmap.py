"""The whole ensemble as one compiled JAX function: `vmap` over networks and trials."""

import jax
import numpy as np
from jax import numpy as jnp

from peers import Epoch, Task

BETAS = (0.9, 0.999)


def _initial(task: Task, generator: np.random.Generator) -> list:
    """Layers (trials, networks, in, out) and (trials, networks, 1, out), padded with zeros."""
    lead = (task.trials, len(task.hidden))
    widths = [max(nodes) for nodes in zip(*task.hidden, strict=True)]
    sizes = (task.inputs, *widths, 1)
    layers = []
    for layer, (a, b) in enumerate(zip(sizes, sizes[1:], strict=False)):
        weight = np.zeros((*lead, a, b), dtype=np.float32)
        for place, hidden in enumerate(task.hidden):
            rows, columns = (task.inputs, *hidden, 1)[layer : layer + 2]
            drawn = generator.normal(0, rows**-0.5, (task.trials, rows, columns))
            weight[:, place, :rows, :columns] = drawn
        layers.append((jnp.asarray(weight), jnp.zeros((*lead, 1, b))))
    return layers


def stacked(task: Task) -> Epoch:
    """All networks in one program; an epoch is one `scan`."""
    generator = np.random.default_rng(0)
    inputs = jnp.asarray(generator.normal(size=(task.events, task.inputs)).astype(np.float32))
    targets = jnp.asarray(generator.normal(size=(task.events, 1)).astype(np.float32))

    def loss(layers, x, y):
        for weight, bias in layers[:-1]:
            x = jax.nn.leaky_relu(x @ weight + bias, task.slope)
        weight, bias = layers[-1]
        return jnp.mean((x @ weight + bias - y) ** 2)

    def adam(gradient, value, first, second, count):
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
        unbiased = first / (1 - BETAS[0] ** count), second / (1 - BETAS[1] ** count)
        step = task.learning_rate * unbiased[0] / (jnp.sqrt(unbiased[1]) + task.epsilon)
        return value - step, first, second

    gradient = jax.grad(loss)
    by_network = jax.vmap(gradient, in_axes=(0, None, None))  # of a trial: the same batches
    by_trial = jax.vmap(by_network)

    def step(state, index):
        layers, first, second, count = state
        gradients = by_trial(layers, inputs[index], targets[index])
        new = jax.tree.map(
            lambda g, p, m, v: adam(g, p, m, v, count + 1), gradients, layers, first, second
        )
        leaves = jax.tree.structure(layers)
        layers, first, second = jax.tree.transpose(leaves, jax.tree.structure((0, 0, 0)), new)
        return (layers, first, second, count + 1), None

    @jax.jit
    def scan(state, order):
        return jax.lax.scan(step, state, order)[0]

    layers = _initial(task, generator)
    zeros = jax.tree.map(jnp.zeros_like, layers)
    state = (layers, zeros, zeros, jnp.zeros(()))

    def epoch() -> int:
        nonlocal state
        orders = [generator.permutation(task.events) for _ in range(task.trials)]
        order = np.stack(orders).reshape(task.trials, task.steps, task.batch_size)
        state = jax.block_until_ready(scan(state, jnp.asarray(order.swapaxes(0, 1))))
        return task.networks * task.steps

    return epoch
