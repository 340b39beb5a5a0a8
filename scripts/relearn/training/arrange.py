"""Networks of a job → stacks: who is trained together."""

from collections.abc import Sequence
from itertools import groupby

from relearn import costs
from relearn.scans import Run

Rows = list[list[Run | None]]  # trials, networks of a trial
CALL_SECONDS = 7e-5  # of one step of any stack on a CPU: what its kernels take to be called
# A stack's largest layer on a CPU: one core's second-level cache and a half. Above, the
# memory's bandwidth rules (five networks of 500 nodes: 0.9 ms each together, 0.6 ms alone).
CPU_BYTES = 3_000_000
GPU_BYTES = 1_000_000_000


def key(run: Run) -> tuple:
    """Return what networks must share to be stacked."""
    return (
        len(run.hidden),
        run.activation,
        run.convention,
        run.sizes[0],
        run.sizes[-1],
        run.dropout,
        run.start,
    )


def stacks(runs: Sequence[Run], batch_size: int, device_type: str = "cpu") -> list[Rows]:
    """Return the stacks of a job's networks: trials, each with equally many networks or None.

    Networks of similar width go together, as long as padding the narrower ones costs less
    than a stack of their own, and the stack's layers fit the cache.

    Parameters
    ----------
    runs
        Networks on one dataset.
    batch_size
        Events in a step.
    device_type
        ``cpu``, or that of a GPU.
    """
    limit = CPU_BYTES if device_type == "cpu" else GPU_BYTES
    found: list[Rows] = []
    for _, same in groupby(sorted(runs, key=_order), key=key):
        chunk: list[Run] = []
        for _, trials in groupby(same, key=lambda run: run.name.rpartition("-t")[0]):
            point = list(trials)
            merged = chunk + point
            apart = _seconds(chunk, batch_size) + _seconds(point, batch_size)
            if chunk and (
                _bytes(merged, batch_size) > limit or _seconds(merged, batch_size) > apart
            ):
                found += _fitting(chunk, batch_size, limit)
                merged = point
            chunk = merged
        found += _fitting(chunk, batch_size, limit)
    return found


def _order(run: Run) -> tuple:
    return (*map(str, key(run)), run.hidden, run.name)


def _widest(runs: Sequence[Run]) -> tuple[int, ...]:
    return tuple(max(nodes) for nodes in zip(*(run.sizes for run in runs), strict=True))


def _seconds(runs: Sequence[Run], batch_size: int) -> float:
    if not runs:
        return 0.0
    return CALL_SECONDS + len(runs) * costs.step_seconds(_widest(runs), batch_size)


def _bytes(runs: Sequence[Run], batch_size: int) -> int:
    return 4 * len(runs) * max(_widest(runs)[1:]) * batch_size


def _fitting(runs: list[Run], batch_size: int, limit: int) -> list[Rows]:
    """Arrange by trial; where even one point is too large, its trials go apart."""
    trials = sorted({run.trial for run in runs})
    rows: Rows = [[run for run in runs if run.trial == trial] for trial in trials]
    if _bytes(runs, batch_size) > limit and len(runs) > 1:
        return [[[run]] for row in rows for run in row]
    width = max(map(len, rows))
    return [[row + [None] * (width - len(row)) for row in rows]]
