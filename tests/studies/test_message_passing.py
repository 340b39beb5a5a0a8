"""Who takes from whom: adjacencies known in closed form, and those of trained nets."""

import numpy as np
import pytest
import torch
from helpers_taggers import scan, train_job, write_jets

from relearn.errors import UserError
from relearn.models.jetbatch import Jets
from relearn.studies import message_passing, testjets
from relearn.studies.inputs import StudyInputs


def jets_of(*constituents, size=4):
    """Massless (pT, η, φ) of one jet each, padded to `size`; the first is signal."""
    p4 = torch.zeros(len(constituents), size, 4)
    for row, jet in zip(p4, constituents, strict=True):
        pt, eta, phi = torch.tensor(jet).reshape(-1, 3).T
        columns = [pt * eta.cosh(), pt * phi.cos(), pt * phi.sin(), pt * eta.sinh()]
        row[: len(jet)] = torch.stack(columns, dim=-1)
    count = len(p4)
    nothing = {"extra": torch.zeros(count, size, 0), "extra_names": ()}
    nothing |= {"observables": torch.zeros(count, 0), "observable_names": ()}
    label = torch.tensor([1.0] + [0.0] * (count - 1))
    return Jets(p4, **nothing, radius=1.5, label=label, weight=torch.ones(count))


TRIANGLE = ((60.0, 0.0, 0.0), (30.0, 0.3, 0.0), (30.0, 0.0, 0.4))  # sides .3, .4 and .5


def matrix(values):
    """(1, 4, 4) adjacency of a jet of three constituents."""
    padded = torch.zeros(1, 4, 4)
    padded[0, :3, :3] = torch.as_tensor(values)
    return padded


@pytest.mark.parametrize(
    ("values", "distance", "own", "givers", "hardness"),
    [
        (np.full((3, 3), 1 / 3), 0.8 / 3, 1 / 3, 3, 1),  # all alike: 2 × (.3 + .4 + .5)/9
        (np.eye(3), 0, 1, 1, 1),  # each for itself
        ([[1, 0, 0]] * 3, 0.7 / 3, 1 / 3, 1, 1.5),  # all from the hardest, 60 of 40 on average
        ([[0, 1, 0], [0, 0, 1], [0, 0.5, 0.5]], (0.3 + 0.5 + 0.25) / 3, 0.5 / 3, 4 / 3, 0.75),
    ],
)
def test_messages_in_closed_form(values, distance, own, givers, hardness):
    (row,) = message_passing.messages(matrix(values), jets_of(TRIANGLE)).to_dict("records")
    expected = {"distance": distance, "own": own, "givers": givers, "hardness": hardness}
    assert row == pytest.approx(expected | {"uniform": 0.8 / 3, "equal": 1 / 3}, abs=1e-5)


@pytest.mark.parametrize("own", [0.0, 0.5, 0.8])
def test_what_a_constituent_takes_from_itself_is_no_closeness(own):
    values = matrix(own * np.eye(3) + (1 - own) * (1 - np.eye(3)) / 2)
    (row,) = message_passing.messages(values, jets_of(TRIANGLE)).to_dict("records")
    assert message_passing.closeness(**row) == pytest.approx(1.0, rel=1e-5)


def test_from_the_nearest_of_three():
    nearest = matrix([[0, 1, 0], [1, 0, 0], [1, 0, 0]])
    (row,) = message_passing.messages(nearest, jets_of(TRIANGLE)).to_dict("records")
    sides = (0.3 + 0.4 + 0.5) / 3
    assert message_passing.closeness(**row) == pytest.approx((0.3 + 0.3 + 0.4) / 3 / sides)


def test_who_takes_from_nobody_else_has_no_closeness():
    (row,) = message_passing.messages(matrix(np.eye(3)), jets_of(TRIANGLE)).to_dict("records")
    assert np.isnan(message_passing.closeness(**row))


def test_a_jet_without_constituents_has_no_messages():
    row = message_passing.messages(torch.zeros(1, 4, 4), jets_of(())).iloc[0]
    assert (row[["distance", "uniform", "own", "equal", "givers", "hardness"]] == 0).all()


def test_the_jet_shown_has_the_mass_of_a_top():
    # two of pT 100 at Δη: m = 200 sinh(Δη/2)
    wide = [2 * np.arcsinh(m / 200) for m in (100.0, 170.0, 300.0, 180.0)]
    jets = jets_of(*(((100.0, 0.0, 0.0), (100.0, float(eta), 0.0)) for eta in wide))
    jets = Jets(**{**vars(jets), "label": torch.zeros(4)})
    for number, place in enumerate((1, 3, 0, 2)):
        assert torch.equal(message_passing.choose(jets, 0.0, number).p4[0], jets.p4[place])
    with pytest.raises(UserError, match=r"no test jet 4 .*only 4.*options\.jet"):
        message_passing.choose(jets, 0.0, 4)


# --- of trained nets ------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Graph nets of both kinds, one that states no adjacency, and another tagger."""
    folder = tmp_path_factory.mktemp("graphs")
    path = write_jets(folder / "toy.h5")
    both = scan("gcn", trials=3, options={"adjacency": ["fixed", "learned"]})
    scans = {"both": both, "usual": scan("gcn"), "other": scan("topodnn")}
    for name, spec in scans.items():
        train_job(spec | {"name": name}, path, folder / name / "0000")
    return StudyInputs.from_files([folder / name for name in scans], [path], {})


@pytest.fixture(scope="module")
def tables(study):
    return message_passing.measure(study)


def test_points_are_told_apart_by_their_adjacency(tables):
    points = tables["points"].set_index(["architecture", "adjacency"])["trials"]
    expected = {("gcn", "fixed"): 3, ("gcn", "learned"): 4, ("topodnn", "none"): 1}
    assert points.to_dict() == expected
    pairs = tables["pairs"].set_index(["architecture", "adjacency"])
    assert set(pairs.index) == {("gcn", "fixed"), ("topodnn", "none")}
    assert (pairs["reference_trials"] == 4).all()


def test_weights_for_a_taker_add_up_to_one(tables):
    sums = tables["edges"].groupby(["adjacency", "class", "iteration", "taker"])["weight"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-4)
    shown = tables["edges"].groupby("adjacency")["iteration"].unique().map(list).to_dict()
    assert shown == {"fixed": [1], "learned": [1, 2]}


def test_the_fixed_adjacency_is_closeness(tables):
    for _, nodes in tables["nodes"].groupby(["adjacency", "class"]):
        side = nodes[["adjacency", "class"]].iloc[0]
        if side["adjacency"] != "fixed":
            continue
        place = nodes[["deta", "dphi"]].to_numpy()
        apart = np.linalg.norm(place[:, None] - place[None], axis=-1)
        expected = np.exp(-((apart / 0.3) ** 2))
        expected /= expected.sum(axis=1, keepdims=True)
        edges = tables["edges"]
        mine = edges[(edges["adjacency"] == "fixed") & (edges["class"] == side["class"])]
        found = mine.pivot(index="taker", columns="giver", values="weight").to_numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_messages_are_means_over_the_jets_of_a_class(study, tables):
    run = study.runs[study.runs["adjacency"] == "learned"].iloc[1]
    net, jets = study.network(run), testjets.read(study, run)
    second = net.adjacency(*net.prepare(jets))[1].detach()
    expected = message_passing.messages(second, jets)
    rows = tables["messages"].set_index(["run", "iteration", "class"])
    for side, label in (("signal", 1), ("background", 0)):
        row = rows.loc[(run["run"], 2, side)]
        mean = expected[(jets.label == label).numpy()].mean()
        assert row[list(mean.index)].to_dict() == pytest.approx(mean.to_dict(), rel=1e-5)
        assert row["closeness"] == pytest.approx(message_passing.closeness(**mean), rel=1e-4)
    assert len(rows) == (3 + 4) * 2 * 2, "nets, iterations, classes"


class Itself:
    """A net whose constituents take from themselves."""

    def prepare(self, jets):
        return (jets,)

    def adjacency(self, jets):
        return [torch.diag_embed(jets.mask.float())]


def test_means_are_weighted_and_leave_out_jets_without_constituents(study, monkeypatch, tables):
    near = ((10.0, 0.0, 0.0), (10.0, 0.1, 0.0))
    jets = jets_of(TRIANGLE, TRIANGLE, near, ())
    jets = Jets(**{**vars(jets), "weight": torch.tensor([1.0, 3, 1, 5])})
    monkeypatch.setattr(testjets, "read", lambda *_: jets)
    monkeypatch.setattr(study, "network", lambda _: Itself(), raising=False)
    run = tables[""].iloc[0]
    rows = {row["class"]: row for row in message_passing._of(study, run)}
    assert rows["signal"]["uniform"] == pytest.approx(0.8 / 3, abs=1e-5)
    assert rows["background"]["uniform"] == pytest.approx((3 * 0.8 / 3 + 0.05) / 4, abs=1e-5)
    assert np.isnan(rows["background"]["closeness"]) and rows["background"]["givers"] == 1


def test_another_jet_can_be_asked_for(study, tables):
    other = message_passing.measure(StudyInputs(study.runs, study.datasets, {"jet": 1}))
    assert not other["nodes"].equals(tables["nodes"])


@pytest.mark.parametrize("lost", ["diverged", "absent"])
def test_without_graph_nets_there_are_only_the_others(study, lost):
    graph = study.runs["architecture"] == "gcn"
    runs = study.runs.assign(status=np.where(graph, "diverged", "ok"))
    runs = runs if lost == "diverged" else study.runs[~graph].drop(columns="adjacency")
    tables = message_passing.measure(StudyInputs(runs, study.datasets))
    assert all(tables[name].empty for name in ("nodes", "edges", "messages", "pairs"))
    assert len(tables["points"]) == (3 if lost == "diverged" else 1)
