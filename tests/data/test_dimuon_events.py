"""Event files → muon pairs: which muons are taken, and how events are shared between splits."""

import awkward as ak
import numpy as np
import pytest
import uproot

from relearn import kinematics as kin
from relearn.data import dimuon
from relearn.errors import UserError
from relearn.generate import rootfile

ALL = {"pt_min": 0.0, "abs_eta_max": 10.0}
WHERE = "datasets.toy.events.train"


def write(path, particles, muons=None, drop=()):
    """Write an event file of (pid, prompt, pt, eta, phi) a particle.

    `muons` lists the reconstructed ones of each event: (number of the particle, pt).
    """
    columns = list(zip(*(p for event in particles for p in event), strict=True)) or [()] * 5
    counts = np.array([len(event) for event in particles], dtype=int)
    pid, prompt, pt, eta, phi = (np.array(column, dtype=np.float64) for column in columns)

    def branches(counts, integers, reals):
        flat = {k: np.asarray(v, dtype=np.int32) for k, v in integers.items() if k not in drop}
        flat |= {k: np.asarray(v, dtype=np.float32) for k, v in reals.items() if k not in drop}
        return ak.unflatten(ak.zip(flat), counts)

    charge = -np.sign(pid) * (np.abs(pid) != 22)
    reals = {"PT": pt, "Eta": eta, "Phi": phi}
    chunk = {
        "Particle": branches(counts, {"PID": pid, "Charge": charge, "IsPrompt": prompt}, reals)
    }
    if muons is not None:
        first = np.cumsum([0, *counts[:-1]])
        at = np.array([f + i for f, event in zip(first, muons, strict=True) for i, _ in event], int)
        inside = [i for event in muons for i, _ in event]
        smeared = {"PT": [p for event in muons for _, p in event], "Eta": eta[at], "Phi": phi[at]}
        chunk["Muon"] = branches(
            np.array([len(event) for event in muons], dtype=int),
            {"Charge": charge[at], "ParticleIndex": inside},
            smeared,
        )
    rootfile.write(path, [chunk], {"sample": "toy"})
    return path


def mu(charge, pt, eta=0.5, phi=0.1, prompt=1):
    return (-13 * charge, prompt, pt, eta, phi)


def transverse(pairs):
    """pT of μ− and μ+ of each pair."""
    return [(round(kin.pt(p[:4]).item()), round(kin.pt(p[4:]).item())) for p in pairs]


def test_the_leading_prompt_muon_of_each_charge(tmp_path):
    events = [
        [mu(-1, 30), mu(-1, 50), mu(1, 20)],
        [mu(-1, 30), mu(-1, 50)],
        [],
        [mu(1, 100, prompt=0), mu(1, 10), mu(-1, 12)],
        [mu(1, 11), mu(-1, 13, prompt=0)],
        [(11, 1, 200, 0, 0), (22, 1, 300, 0, 0), (-11, 1, 250, 0, 0), mu(-1, 21), mu(1, 22)],
    ]
    pairs, count = dimuon.pairs(write(tmp_path / "a.root", events), **ALL)
    assert transverse(pairs) == [(50, 20), (12, 10), (21, 22)]
    assert count == 6


def test_reconstructed_muons_where_there_are_some(tmp_path):
    particles = [
        [mu(-1, 40), mu(1, 30), mu(-1, 90, prompt=0)],
        [mu(1, 25), mu(-1, 35)],
        [mu(1, 25), mu(-1, 35)],
    ]
    muons = [[(2, 91), (1, 33), (0, 44)], [(1, 36), (0, 26)], [(0, 25)]]
    pairs, count = dimuon.pairs(write(tmp_path / "a.root", particles, muons), **ALL)
    assert transverse(pairs) == [(44, 33), (36, 26)]
    assert count == 3


def test_pairs_against_a_slow_loop(tmp_path):
    rng = np.random.default_rng(9)
    events = [
        [
            (int(rng.choice([13, -13, 11, -211])), int(rng.random() < 0.7))
            + tuple(rng.uniform([1, -3, -3], [100, 3, 3]).astype(np.float32).tolist())
            for _ in range(rng.integers(0, 6))
        ]
        for _ in range(400)
    ]
    expected = []
    for event in events:
        sides = []
        for pid in (13, -13):
            mine = [p for p in event if p[0] == pid and p[1]]
            sides.append(max(mine, key=lambda p: p[2]) if mine else None)
        if all(sides) and all(p[2] >= 20 and abs(p[3]) <= 2.4 for p in sides):
            rows = [kin.from_pt_eta_phi_mass(*p[2:], kin.MUON_MASS) for p in sides]
            expected.append(np.concatenate(rows))
    pairs, count = dimuon.pairs(write(tmp_path / "a.root", events), pt_min=20, abs_eta_max=2.4)
    assert count == 400 and len(expected) > 10
    np.testing.assert_allclose(pairs, expected, rtol=1e-12)
    for side in (pairs[:, :4], pairs[:, 4:]):
        np.testing.assert_allclose(kin.mass(side), kin.MUON_MASS, rtol=1e-5)


def test_cuts_keep_what_lies_on_them(tmp_path):
    events = [
        [mu(-1, 20, eta=2.5), mu(1, 20, eta=-2.5)],
        [mu(-1, 19.99), mu(1, 50)],
        [mu(-1, 50), mu(1, 50, eta=-2.51)],
    ]
    pairs, _ = dimuon.pairs(write(tmp_path / "a.root", events), pt_min=20, abs_eta_max=2.5)
    assert transverse(pairs) == [(20, 20)]


@pytest.fixture
def parts(tmp_path):
    """Three parts of each split; every pair has its own pT, which tells where it came from."""
    files, number = [], 10
    for split in ("train", "validation", "test"):
        for part in range(3):
            events = []
            for _ in range(4):
                events.append([mu(-1, number), mu(1, number)])
                number += 1
            events.append([mu(-1, 5)])
            files.append(write(tmp_path / f"{split}-{part:04d}.root", events))
    return files


def build(parts, **events):
    settings = {"selection": ALL, "events": {"train": 5, "validation": 3, "test": 2} | events}
    blocks, description = dimuon.build("toy", settings, parts)
    return {s: [a for a, _ in transverse(b.inputs)] for s, b in blocks.items()}, description


def test_split_is_by_part_and_more_events_move_none(parts):
    few, description = build(parts)
    assert few == {"train": [10, 11, 12, 13, 14], "validation": [22, 23, 24], "test": [34, 35]}
    more, _ = build(parts, train=11, test=12)
    for split, events in few.items():
        assert more[split][: len(events)] == events
    assert more["train"] == list(range(10, 21)) and more["test"] == list(range(34, 46))
    assert description.dataset == "toy" and description.features == dimuon.FEATURES


def test_order_of_the_files_does_not_matter(parts):
    assert build(parts[::-1])[0] == build(parts)[0]


def test_parts_that_are_not_needed_are_not_read(parts):
    parts[1].write_bytes(b"")
    assert build(parts, train=4)[0]["train"] == [10, 11, 12, 13]
    with pytest.raises(UserError, match="train-0001.root is cut short"):
        build(parts, train=5)


def test_too_few_events_give_the_yield_and_the_cure(parts):
    with pytest.raises(UserError) as caught:
        build(parts, train=13)
    message = str(caught.value)
    assert message.startswith("datasets.toy.events.train asks for 13 events, but 3 files with 15")
    assert "give 12 (0.8 for each)" in message
    assert "`selected_per_event: 0.8`" in message and "config/yields.yaml" in message


def test_sample_without_any_pair_is_named_with_another_cure(tmp_path):
    path = write(tmp_path / "train-0000.root", [[mu(-1, 30)], [mu(-1, 20)]])
    with pytest.raises(UserError) as caught:
        dimuon.select([path], 3, what=WHERE, **ALL)
    message = str(caught.value)
    assert message.startswith(f"{WHERE} asks for 3 events, but none of the 2 generated events")
    assert "selection" in message and "yields" not in message


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.98], ids="{:.0%} left".format)
def test_cut_short_event_file_is_named(share, parts):
    whole = parts[0].read_bytes()
    parts[0].write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match=f"{parts[0]} is cut short") as caught:
        dimuon.select(parts[:1], 1, what=WHERE, **ALL)
    assert f"Delete it (rm {parts[0]})" in str(caught.value)


def test_file_that_is_no_event_file_is_named(tmp_path):
    path = tmp_path / "train-0000.root"
    path.write_text("pT, eta, phi\n")
    with pytest.raises(UserError, match="no event file"):
        dimuon.pairs(path, **ALL)
    with uproot.recreate(path) as file:
        file["other"] = {"x": np.arange(3)}
    with pytest.raises(UserError, match="no event file"):
        dimuon.pairs(path, **ALL)
    path.unlink()
    with pytest.raises(UserError, match="does not exist"):
        dimuon.pairs(path, **ALL)


@pytest.mark.parametrize("branch", ["IsPrompt", "Phi", "Charge", "PID"])
def test_missing_branch_is_named(branch, tmp_path):
    path = write(tmp_path / "a.root", [[mu(-1, 30), mu(1, 30)]], drop=(branch,))
    with pytest.raises(UserError, match=rf"{path} has no branch Particle\.{branch}.*`keep`"):
        dimuon.pairs(path, **ALL)


def test_nan_in_a_branch_is_named(tmp_path):
    path = write(tmp_path / "a.root", [[mu(-1, 30), mu(1, np.nan)]])
    with pytest.raises(UserError, match=rf"{path}: Particle\.PT has values that are not finite"):
        dimuon.pairs(path, **ALL)


def test_empty_part_is_named(tmp_path):
    path = write(tmp_path / "a.root", [])
    with pytest.raises(UserError, match=rf"{path} has no events.*rm {path}"):
        dimuon.pairs(path, **ALL)


def test_events_without_particles_are_no_error(tmp_path):
    pairs, count = dimuon.pairs(write(tmp_path / "a.root", [[], []]), **ALL)
    assert pairs.shape == (0, 8) and count == 2
