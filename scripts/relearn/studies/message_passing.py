"""Message passing between constituents: fixed against learned adjacency, which is shown."""

from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from relearn.data.tagfile import LABELS
from relearn.errors import UserError
from relearn.models.constituents import SMALLEST, pt_eta_phi, relative
from relearn.models.jetbatch import Jets
from relearn.studies import along, tagging, testjets
from relearn.studies.inputs import StudyInputs
from relearn.taggerruns import AXES, NONE

BY = (*AXES, "adjacency")
GRAPH, FIXED, LEARNED = "gcn", "fixed", "learned"
JETS = 2000  # test jets that are summed up, and among which those shown are chosen
AT_ONCE = 250
TOP_MASS = 172.5  # GeV
NOTHING = 1e-9  # of the weights


def measure(inputs: StudyInputs) -> dict[str, pd.DataFrame]:
    """Return the runs, `points`, `roc` curves, `pairs` of points, and what adjacencies look like.

    Taggers that are no such graphs are there to compare with; their ``adjacency`` is ``none``.
    `pairs` holds the differences of all points to the learned adjacency of the same size.

    `messages` has a row for each graph net, iteration (from 1) and class, of test jets:
    ``distance``, the mean ΔR from giver to taker, weighted with the adjacency, and ``uniform``,
    with equal weights; ``own``, the weight of a constituent for itself, and ``equal``, that with
    equal weights; ``closeness``, the ratio of the distances of *other* constituents, distance/(1 −
    own) over uniform/(1 − equal), below 1 where near ones count more; ``givers``, how many there
    are in effect (e to the entropy of the weights); ``hardness``, the mean pT of givers over that
    of all.

    `nodes` and `edges` are of one jet of each class with the mass of a top, so that it is not what
    tells them apart, and of the net of each adjacency with the median AUC: of each ``node`` Δη and
    Δφ to the jet and pT, GeV; ``weight`` of each ``giver`` for each ``taker`` (a fixed
    adjacency is the same in each iteration, and there once). Option ``jet``: 1
    for the jet next nearest in mass, and so on (0).
    """
    graph = inputs.runs["architecture"] == GRAPH
    there = inputs.runs.get("adjacency", pd.Series(np.nan, inputs.runs.index))
    there = there.astype(object).fillna(LEARNED).where(graph, NONE)
    inputs = replace(inputs, runs=inputs.runs.assign(adjacency=there))
    nets = inputs.runs[graph & (inputs.runs["status"] == tagging.OK)]
    nodes, edges = _shown(inputs, nets)
    learned = {"architecture": GRAPH, "adjacency": LEARNED}
    return {
        "": inputs.runs.drop(columns="folder"),
        "points": tagging.summary(inputs, BY),
        "roc": tagging.roc_table(inputs, BY),
        "pairs": along.compare(inputs, learned, BY),
        "messages": pd.DataFrame([row for _, run in nets.iterrows() for row in _of(inputs, run)]),
        "nodes": nodes,
        "edges": edges,
    }


def _of(inputs: StudyInputs, run: pd.Series) -> list[dict]:
    """Return the rows of a net in the table of messages."""
    jets, net = testjets.read(inputs, run, JETS), inputs.network(run)
    found: dict[int, list[pd.DataFrame]] = {}
    for first in range(0, len(jets), AT_ONCE):
        some = jets.rows(slice(first, first + AT_ONCE))
        with torch.inference_mode():
            matrices = net.adjacency(*net.prepare(some))
        for iteration, matrix in enumerate(matrices, start=1):
            found.setdefault(iteration, []).append(messages(matrix, some))
    rows = []
    for iteration, tables in found.items():
        table = pd.concat(tables, ignore_index=True)
        for side, label in LABELS.items():
            mine = ((jets.label == label) & jets.mask.any(dim=1)).numpy()
            weight = jets.weight.numpy()[mine].astype(np.float64)
            means = {name: np.average(table[name][mine], weights=weight) for name in table}
            point = {name: run[name] for name in ("run", *BY, "trial")}
            point |= {"iteration": iteration, "class": side, **means}
            rows.append(point | {"closeness": closeness(**means)})
    return rows


def closeness(distance: float, uniform: float, own: float, equal: float, **_: float) -> float:
    """Return how near others are that a constituent takes from, against equal weights.

    Its weight for itself, at distance 0, says nothing of others. NaN where it takes from none.
    """
    if own > 1 - NOTHING or equal > 1 - NOTHING:
        return np.nan
    return distance / (1 - own) * (1 - equal) / uniform


def messages(adjacency: Tensor, jets: Jets) -> pd.DataFrame:
    """Return, for each jet, what an adjacency (B, N, N) does; see `measure`.

    All takers of a jet count alike. Of a jet without constituents all is 0.
    """
    mask, matrix = jets.mask, adjacency.double()
    place = relative(jets)[..., :2].double()
    count = mask.sum(dim=1).clamp_min(1)
    pairs = (mask[:, :, None] & mask[:, None]).double()
    apart = torch.linalg.norm(place[:, :, None] - place[:, None], dim=-1)
    pt = pt_eta_phi(jets.p4)[0].double()
    hardness = pt * count[:, None] / pt.sum(dim=1, keepdim=True).clamp_min(SMALLEST)
    entropy = -torch.xlogy(matrix, matrix).sum(dim=2)
    columns = {
        "distance": (matrix * apart).sum(dim=(1, 2)) / count,
        "uniform": (pairs * apart).sum(dim=(1, 2)) / count**2,
        "equal": mask.any(dim=1).double() / count,
        "own": torch.diagonal(matrix, dim1=1, dim2=2).sum(dim=1) / count,
        "givers": (entropy.exp() * mask).sum(dim=1) / count,
        "hardness": (matrix * hardness[:, None]).sum(dim=(1, 2)) / count,
    }
    return pd.DataFrame({name: column.numpy() for name, column in columns.items()})


def _shown(inputs: StudyInputs, nets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of nodes and edges."""
    number, nodes, edges = inputs.options.get("jet", 0), [], []
    for adjacency, trials in nets.groupby("adjacency", sort=False):
        run = trials.sort_values("auc", kind="stable").iloc[(len(trials) - 1) // 2]
        jets, net = testjets.read(inputs, run, JETS), inputs.network(run)
        for side, label in LABELS.items():
            one = choose(jets, label, number)
            count = int(one.mask.sum())
            eta, phi = relative(one)[0, :count, :2].T.numpy()
            place = {"adjacency": adjacency, "class": side}
            columns = {"node": np.arange(count), "deta": eta, "dphi": phi}
            columns["pt"] = pt_eta_phi(one.p4)[0][0, :count].numpy()
            nodes.append(pd.DataFrame(place | {"run": run["run"]} | columns))
            with torch.inference_mode():
                matrices = net.adjacency(*net.prepare(one))
            for iteration, matrix in enumerate(matrices[: 1 if adjacency == FIXED else None], 1):
                weight = matrix[0, :count, :count].numpy()
                taker, giver = np.indices(weight.shape).reshape(2, -1)
                drawn = {"taker": taker, "giver": giver, "weight": weight.ravel().round(5)}
                edges.append(pd.DataFrame(place | {"iteration": iteration} | drawn))
    if not nodes:
        return pd.DataFrame(), pd.DataFrame()
    return pd.concat(nodes, ignore_index=True), pd.concat(edges, ignore_index=True)


def choose(jets: Jets, label: float, number: int) -> Jets:
    """Return the jet of a class whose mass, of the constituents there are, is nearest to a top's.

    Parameters
    ----------
    jets
        Of which it is chosen.
    label
        1 signal, 0 background.
    number
        0 for the nearest, 1 for the next.

    Raises
    ------
    UserError
        If there are not as many jets: names the option.
    """
    mine = torch.nonzero(jets.label == label)[:, 0]
    if not 0 <= number < len(mine):
        raise UserError(
            f"no test jet {number} of label {label:g}, only {len(mine)} were looked at "
            "(studies.message_passing.options.jet counts from 0)"
        )
    total = jets.p4[mine].double().sum(dim=1)
    mass = (total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(dim=1)).clamp_min(0).sqrt()
    order = (mass - TOP_MASS).abs().argsort(stable=True)
    return jets.rows(mine[order[number : number + 1]])
