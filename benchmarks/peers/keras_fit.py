"""Keras 3, as the talks used Keras: `compile` and `fit`, network by network."""

import keras
import numpy as np

from peers import Epoch, Task


def fit(task: Task) -> Epoch:
    """One trial of every third size: compiling takes a second for each, and is not measured."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(task.events, task.inputs)).astype(np.float32)
    targets = generator.normal(size=(task.events, 1)).astype(np.float32)
    networks = []
    for hidden in task.hidden[::3]:
        layers = [keras.Input((task.inputs,))]
        for nodes in hidden:
            layers += [keras.layers.Dense(nodes), keras.layers.LeakyReLU(task.slope)]
        network = keras.Sequential([*layers, keras.layers.Dense(1)])
        optimiser = keras.optimizers.Adam(task.learning_rate, epsilon=task.epsilon)
        network.compile(optimizer=optimiser, loss="mse")
        networks.append(network)

    def epoch() -> int:
        for network in networks:
            network.fit(inputs, targets, batch_size=task.batch_size, epochs=1, verbose=0)
        return len(networks) * task.steps

    return epoch
