"""Networks of a job → stacks: who is trained together."""

from collections.abc import Sequence
from itertools import groupby

from relearn import costs
from relearn.scans import Run

Rows = list[list[Run | None]]  # trials, networks of a trial
Point = list[Run]  # trials of what is otherwise the same network
# A stack's layers on a CPU: thrice the second-level cache of a core. Above, the memory's bandwidth
# rules (five networks of 500 nodes: 1.0 ms each together, 0.8 ms alone).
CPU_BYTES = 3_000_000
GPU_BYTES = 1_000_000_000


def key(run: Run) -> tuple:
    """Return what networks must share to be stacked."""
    return (
        len(run.hidden),
        run.convention,
        run.sizes[0],
        run.sizes[-1],
        run.dropout,
        run.start,
    )


def stacks(runs: Sequence[Run], batch_size: int, device_type: str = "cpu") -> list[Rows]:
    """Return the stacks of a job's networks: trials, each with equally many networks.

    Networks of similar width go together, as long as padding the narrower ones costs less
    than a stack of their own, and the stack's layers fit the cache. At the same place of the
    trials are networks that differ in the trial alone.

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

    def alike(run: Run) -> tuple:
        # Activations of a stack write into parts of its tensors; not tried on MPS.
        return (*key(run), *(run.activation if device_type == "mps" else ()))

    def order(run: Run) -> tuple:
        return (*map(str, alike(run)), run.hidden, _point(run), run.trial)

    found: list[Rows] = []
    for _, same in groupby(sorted(runs, key=order), key=alike):
        chunk: list[Point] = []
        for _, of_point in groupby(same, key=_point):
            point = list(of_point)
            merged = [*chunk, point]
            if chunk and not (
                _trials(point) == _trials(chunk[0])
                and _bytes(merged, batch_size) <= limit
                and _seconds(merged, batch_size)
                <= _seconds(chunk, batch_size) + _seconds([point], batch_size)
            ):
                found += _fitting(chunk, batch_size, limit)
                merged = [point]
            chunk = merged
        found += _fitting(chunk, batch_size, limit)
    return found


def _point(run: Run) -> str:
    return run.name.rpartition("-t")[0]


def _trials(point: Point) -> list[int]:
    return [run.trial for run in point]


def _widest(points: Sequence[Point]) -> tuple[int, ...]:
    return tuple(max(nodes) for nodes in zip(*(point[0].sizes for point in points), strict=True))


def _seconds(points: Sequence[Point], batch_size: int) -> float:
    sizes = _widest(points)
    return costs.CALL_SECONDS + sum(
        costs.step_seconds(sizes, run.activation, batch_size, run.dropout)
        for point in points
        for run in point
    )


def _bytes(points: Sequence[Point], batch_size: int) -> int:
    return 4 * sum(map(len, points)) * sum(_widest(points)[1:]) * batch_size


def _fitting(points: list[Point], batch_size: int, limit: int) -> list[Rows]:
    """Arrange by trial; where even one point is too large, its trials are shared out."""
    if (size := _bytes(points, batch_size)) > limit:
        (point,) = points
        count = max(1, len(point) * limit // size)
        shares = [point[first : first + count] for first in range(0, len(point), count)]
        return [[[run] for run in share] for share in shares]
    points = sorted(points, key=lambda point: point[0].activation)  # neighbours go together
    return [[list(trial) for trial in zip(*points, strict=True)]]
