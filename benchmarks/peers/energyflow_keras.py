"""EnergyFlow's own PFN and EFN. A program: it runs in `.venv-energyflow`, not in ours.

    python energyflow_keras.py data.npz pfn|efn training|inference

It prints a line of JSON with its number of parameters and the probabilities of the first jets;
then, for each line that it reads, one with the jets that it did for each second of the processor.
``data.npz`` has ``values`` (jets, N, 3), ``label`` (jets,), ``batch``, ``shown`` and our weights,
``weight0`` and so on, so that both networks are the same function.
"""

import json
import os
import sys
import time

os.environ |= {"OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from energyflow import archs  # noqa: E402


def model(kind: str, weights: list[np.ndarray]):
    """Return the network that has these weights (out, in) and biases, in turns."""
    sizes = [len(bias) for bias in weights[1::2]]
    network = {"pfn": archs.PFN, "efn": archs.EFN}[kind](
        input_dim=weights[0].shape[1], Phi_sizes=sizes[:3], F_sizes=sizes[3:-1], summary=False
    )
    network.model.set_weights([array.T for array in weights])
    return network


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    path, kind, task = sys.argv[1:]
    with np.load(path) as file:
        data = dict(file)
    batch, shown = int(data["batch"]), int(data["shown"])
    values, label = data["values"], np.eye(2, dtype=np.float32)[data["label"]]
    network = model(kind, [data[f"weight{i}"] for i in range(sum("weight" in k for k in data))])
    inputs = values if kind == "pfn" else [values[..., 0], values[..., 1:]]
    some = values[:shown] if kind == "pfn" else [array[:shown] for array in inputs]

    def once() -> None:
        if task == "training":
            network.fit(inputs, label, epochs=1, batch_size=batch, verbose=0)
        else:
            network.predict(inputs, batch_size=batch, verbose=0)

    found = {"parameters": network.model.count_params()}
    print(json.dumps(found | {"outputs": network.predict(some, verbose=0).tolist()}), flush=True)
    once()  # compiles
    for _ in sys.stdin:
        begin = time.process_time()
        once()
        rate = len(values) / (time.process_time() - begin)
        print(json.dumps({"rate": rate}), flush=True)


if __name__ == "__main__":
    main()
