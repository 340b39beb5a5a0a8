"""About how long a training step takes, from sizes alone: for grouping and for estimates.

Pure Python, between the config and `relearn.scans`. The numbers are committed, not measured at
run time, so that the same config makes the same jobs on every machine.
"""

OVERHEAD_SECONDS = 3e-5  # of one network's step in a stack, on one core
FLOPS_PER_SECOND = 4e10  # of the matrix products of a step, on one core
FLOPS_PER_WEIGHT = 6  # forward 2, backward 4, for each event of the batch


def step_seconds(sizes: tuple[int, ...], batch_size: int) -> float:
    """Return about the seconds of one gradient step of one network within a stack.

    Parameters
    ----------
    sizes
        Nodes of every layer, from the inputs to the outputs.
    batch_size
        Events in a step.
    """
    weights = sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))
    return OVERHEAD_SECONDS + FLOPS_PER_WEIGHT * weights * batch_size / FLOPS_PER_SECOND
