"""The figures of group F: what they show, of small and of odd tables."""

from dataclasses import dataclass
from functools import cache
from itertools import product
from string import ascii_lowercase

import numpy as np
import pandas as pd
import pytest
import torch
from helpers_figures import drawn, letters, panel

from relearn import studies
from relearn.data import hdf5, momenta
from relearn.figures.tables import read_tables
from relearn.models.mlp import MLP
from relearn.studies.inputs import StudyInputs
from relearn.studylist import STUDIES

EPOCHS = 5
POINT = {
    "hidden": ["3", "25", "100"],
    "activation": ["relu"],
    "initialiser": ["glorot_uniform"],
    "start": ["scratch"],
}
SCANS = {
    "identity": [{"hidden": ["3", "6"], "activation": ["linear", "relu", "leaky_relu"]}],
    "square": [
        {},
        {
            "hidden": ["25"],
            "activation": ["relu", "tanh"],
            "initialiser": ["he_uniform", "glorot_normal"],
        },
    ],
    "norm_squared": [
        {"hidden": ["28", "14x14"]},
        {
            "hidden": ["25x3"],
            "activation": ["relu+linear"],
            "start": ["scratch", "pretrained", "frozen"],
        },
    ],
}
ODD = {
    "one trial": {"trials": 1},
    "one size": {"hidden": ["25"], "trials": 2},
    "some diverged": {"lost": [0, 1]},
    "all diverged": {"lost": "all"},
    "no ReLU": {"activation": ["tanh"]},
    "two layers": {"hidden": ["6x5"]},
    "many sizes": {"hidden": ["3", "5", "10", "25", "50", "100", "200", "500"], "trials": 1},
}
FEW = ("one trial", "some diverged", "all diverged")
CASES = [(study, case) for study in SCANS for case in (ODD if study == "square" else FEW)]
CASES.append(("identity", "many sizes"))


@dataclass
class MadeUp(StudyInputs):
    """Untrained networks of toy momenta."""

    def data(self, dataset, split="test"):
        """Return a few momenta, the same at each call."""
        inputs = momenta.draw(300, seed=1)
        return hdf5.Block(inputs, momenta.targets(inputs))

    def network(self, row):
        """Return the untrained network of a row."""
        torch.manual_seed(row["seed"])
        sizes = [3, *map(int, row["hidden"].split("x")), 1 if row["target"][0] == "n" else 3]
        names = row["activation"].split("+")
        network = MLP(sizes, names if len(names) > 1 else names * row["layers"])
        network.input_std.fill_(momenta.WIDTH)
        network.target_std.fill_(momenta.WIDTH if row["target"] == "identity" else 3500.0)
        return network.eval()

    def history(self):
        """Return falling costs."""
        epochs = np.arange(1, EPOCHS + 1)
        tables = [
            pd.DataFrame({"epoch": epochs, "validation_loss": (1 + row["seed"]) / epochs}).assign(
                scan=row["scan"], run=row["run"], train_loss=1.0
            )
            for row in self.runs.to_dict("records")
        ]
        return pd.concat(tables, ignore_index=True)


def runs(study, scan, points, trials):
    """Return the runs.csv of a scan."""
    grid = POINT | points
    rows = []
    for values in product(*grid.values(), range(trials)):
        row = dict(zip((*grid, "trial"), values, strict=True))
        sizes = [int(size) for size in row["hidden"].split("x")]
        rows.append(
            {
                "run": "-".join(map(str, values)),
                "scan": scan,
                "folder": "nowhere",
                "dataset": "momenta",
                "target": study,
                "convention": "keras",
                "dropout": 0.0,
                "layers": len(sizes),
                "nodes": sum(sizes),
                "seed": len(rows),
                "epochs": EPOCHS,
                "status": "ok",
            }
            | row
        )
    return pd.DataFrame(rows)


def tables(study, folder, trials=3, lost=(), **points):
    """Measure made-up networks; write and read the tables, as a real run does."""
    found = []
    for i, scan in enumerate(SCANS[study]):
        # Summation nodes go with two layers: those networks stay as they are.
        changed = {} if "relu+linear" in scan.get("activation", ()) else points
        found.append(runs(study, f"s{i}", scan | changed, trials))
    table = pd.concat(found, ignore_index=True)
    if len(lost):
        table.loc[table.index if lost == "all" else list(lost), "status"] = "diverged"
    measured = studies.load(study).measure(MadeUp(table, {"momenta": None}))
    paths = []
    for extra in ("", *STUDIES[study].extras):
        paths.append(folder / f"{'_'.join(filter(None, (study, extra)))}.csv")
        measured[extra].to_csv(paths[-1], index=False)
    return read_tables(paths, study)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """Study → its tables and its figure, of the scans as they are; made when asked for."""

    @cache
    def make(study):
        made = tables(study, tmp_path_factory.mktemp(study))
        return made, drawn(study, made, layout=True)

    return make


def texts(fig):
    return " ".join(text.get_text() for ax in fig.axes for text in ax.texts)


def dots(ax, size):
    """The points of a panel that are drawn with this size of marker."""
    lines = [line.get_xydata() for line in ax.lines if line.get_markersize() == size]
    return np.concatenate(lines)


@pytest.mark.parametrize(
    ("study", "last"), [("identity", "f"), ("square", "j"), ("norm_squared", "d")]
)
def test_every_panel_has_its_letter(study, last, plain):
    _, fig = plain(study)
    assert "".join(sorted(letters(fig))) == ascii_lowercase[: ascii_lowercase.index(last) + 1]
    assert "diverged" not in texts(fig)


@pytest.mark.parametrize(("study", "case"), CASES)
def test_odd_tables(study, case, tmp_path):
    fig = drawn(
        study, tables(study, tmp_path, **ODD[case]), layout=case == "many sizes", render=True
    )
    assert ("diverged" in texts(fig)) == ("diverged" in case)
    assert ("no network to show" in texts(fig)) == (case == "all diverged")
    for ax in fig.axes:
        assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


def test_matrices_are_the_weights(plain):
    made, fig = plain("identity")
    run = made["matrix"].query("activation == 'linear' and hidden == '3'")
    first = run[run["layer"] == "1"].pivot(index="row", columns="column", values="weight")
    np.testing.assert_array_equal(panel(fig, "a").images[0].get_array(), first)
    images = [ax.images[0].get_array() for ax in fig.axes if ax.images][:4]
    # Between one width of inputs and outputs, the product is that of the matrices as drawn.
    np.testing.assert_allclose(images[1] @ images[0], images[2], rtol=1e-6)
    np.testing.assert_allclose(images[2], images[3], atol=1e-6)  # linear: the derivative, too
    assert "Is it sparse" in panel(fig, "f").get_title(loc="left")


def test_kinks_and_crossings_are_those_of_the_table(plain):
    made, fig = plain("square")
    curves = made["curves"].query("nodes == 25")
    kinks = curves.query("kind == 'kink' and component == 'px'")
    np.testing.assert_allclose(dots(panel(fig, "a"), 3), kinks[["x", "predicted"]] / [1, 1e3])
    crossings = curves.query("kind == 'crossing'")
    np.testing.assert_allclose(np.sort(dots(panel(fig, "d"), 3.5)[:, 0]), np.sort(crossings["x"]))
    row = made[""].set_index("run").loc[curves["run"].iloc[0]]
    for text, name in zip(panel(fig, "d").texts, ("px", "py", "pz"), strict=True):
        pieces, zeros = (row[f"{kind}_{name}"] for kind in ("segments", "crossings"))
        assert text.get_text().endswith(f": {pieces:.0f} pieces, {zeros:.0f} crossings")


def test_longer_trainings_stand_beside_the_others(plain):
    made, _ = plain("square")
    longer = made[""].query("scan == 's0' and hidden == '25'").assign(scan="long", epochs=50)
    longer = pd.concat([made[""], longer], ignore_index=True)
    fig = drawn("square", made | {"": longer})
    labels = panel(fig, "h").get_legend_handles_labels()[1]
    assert labels[:2] == [f"{EPOCHS} epochs", "50 epochs"]


def test_every_trial_of_each_strategy_is_drawn(plain):
    made, fig = plain("norm_squared")
    for letter, column in (("a", "relative_rmse"), ("c", "dedicated_share")):
        np.testing.assert_allclose(
            np.sort(dots(panel(fig, letter), 3.5)[:, 1]), np.sort(made[""][column])
        )
    ticks = [text.get_text() for text in panel(fig, "a").get_xticklabels()]
    assert ticks[0] == "alternative\n1 layer\n28"
    assert ticks[-1] == "intuitive\nfrozen\n25 × 3"
    thin = [line for line in panel(fig, "b").lines if line.get_alpha()]
    assert len(thin) == len(made[""])
