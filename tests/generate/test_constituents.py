"""One reader for our event files and for Delphes' own."""

import awkward as ak
import numpy as np
import pytest
from helpers_detector import FILES, stable

from relearn.errors import UserError
from relearn.generate import constituents, layout, rootfile
from relearn.generate.detector import simulate
from relearn.generate.energyflow import NEUTRAL_HADRON, PHOTON, TRACK
from relearn.generate.events import Settings, generate

CARDS = pytest.mark.parametrize("card", ["CMS", "ATLAS"])
AXES = ("X", "Y", "Z", "Px", "Py", "Pz")
FIELDS = ["kind", "pid", "charge", "pt", "eta", "phi", "mass", "d0", "z0"]


@CARDS
@pytest.mark.parametrize("source", ["eflow", "tower", "particle"])
def test_delphes_own_file(card, source):
    found = constituents.read(FILES / f"delphes_ttbar_{card}.root", source)
    assert len(found) == 3 and found.fields == FIELDS
    assert ak.all(found.pt > 0) and ak.all(abs(found.phi) < 3.1416)
    assert (
        set(np.unique(ak.flatten(found.kind)))
        == {
            "eflow": {TRACK, PHOTON, NEUTRAL_HADRON},
            "tower": {PHOTON, NEUTRAL_HADRON},
            "particle": {TRACK, PHOTON, NEUTRAL_HADRON},
        }[source]
    )
    assert ak.all((found.kind == TRACK) == (found.charge != 0))
    if source == "particle":
        assert not ak.any((abs(found.pid) == 12) | (abs(found.pid) == 14))


def test_what_delphes_has_counted():
    """The numbers of Delphes' run on these events are in `config/detector/reference`."""
    for card in ("CMS", "ATLAS"):
        reference = np.load(FILES.parents[1] / f"config/detector/reference/ttbar_{card}.npz")
        flow = constituents.read(FILES / f"delphes_ttbar_{card}.root")
        tower = constituents.read(FILES / f"delphes_ttbar_{card}.root", "tower")
        for name, kind in (("track", TRACK), ("photon", PHOTON), ("nh", NEUTRAL_HADRON)):
            counted = reference[f"events.n_eflow_{name}"][:3]
            np.testing.assert_array_equal(ak.sum(flow.kind == kind, axis=1), counted)
        # without the muons that the ATLAS card puts among the towers
        np.testing.assert_array_equal(ak.num(tower), reference["events.n_tower"][:3])


@CARDS
def test_our_file_holds_what_the_detector_has_seen(card, tmp_path):
    seen = simulate(stable("ttbar")[:4], card, seed=1)
    path = tmp_path / "events.root"
    chunk = {"Event": layout.event(0, np.ones(4))} | layout.detected(seen)
    rootfile.write(path, [chunk], {})
    flow = constituents.read(path)
    for name in FIELDS:
        assert ak.all(ak.num(flow) == ak.num(seen.eflow))
        np.testing.assert_allclose(
            ak.flatten(flow[name]), ak.flatten(seen.eflow[name]), rtol=1e-6, atol=1e-6
        )
    tower = constituents.read(path, "tower")
    np.testing.assert_allclose(ak.flatten(tower.pt), ak.flatten(seen.towers.pt), rtol=1e-6)
    np.testing.assert_array_equal(
        ak.flatten(tower.kind) == PHOTON, ak.to_numpy(ak.flatten(seen.towers.em)) > 0
    )
    read = rootfile.read(path, ["MissingET.MET", "Muon.PT", "Electron.PT", "Photon.PT"])
    np.testing.assert_allclose(ak.flatten(read["MissingET.MET"]), seen.missing_et.pt, rtol=1e-6)
    for name, ours in (("Muon", "muons"), ("Electron", "electrons"), ("Photon", "photons")):
        assert ak.num(read[f"{name}.PT"]).tolist() == ak.sum(seen[ours].isolated, axis=1).tolist()


def test_same_names_and_types_as_delphes(tmp_path):
    import uproot

    path = tmp_path / "events.root"
    seen = simulate(stable("ttbar")[:2], seed=1)
    rootfile.write(path, [layout.detected(seen)], {})
    ours, theirs = (
        uproot.open(path)["Delphes"],
        uproot.open(FILES / "delphes_ttbar_CMS.root")["Delphes"],
    )
    # what the small file lacks of Delphes' branches
    absent = {"Photon", "Muon.D0", "Muon.DZ", "Electron.D0", "Electron.DZ"}
    for name in ours.keys():
        if (
            name.split(".")[0] in absent
            or name in absent
            or name.endswith(("ParticleIndex", "_size"))
        ):
            continue
        assert name in theirs.keys(full_paths=False), name
        assert ours[name].array().type.content == theirs[name].array().type.content, name


def test_bad_files(tmp_path):
    with pytest.raises(ValueError, match="no constituents 'jets'; there are eflow"):
        constituents.read(FILES / "delphes_ttbar_CMS.root", "jets")
    path = tmp_path / "events.root"
    rootfile.write(path, [{"Event": layout.event(0, np.ones(2))}], {})
    for source in ("eflow", "tower", "particle"):
        with pytest.raises(UserError, match="no branch"):
            constituents.read(path, source)
    whole = (FILES / "delphes_ttbar_CMS.root").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="cut short"):
        constituents.read(path)


@pytest.fixture(scope="module")
def card_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("card") / "ttbar.cmnd"
    path.write_text(
        "Beams:eCM = 14000.\nTop:gg2ttbar = on\nPhaseSpace:pTHatMin = 330.\n"
        "24:onMode = off\n24:onIfAny = 1 2 3 4 5\n"
    )
    return path


@pytest.mark.parametrize("keep", ["jets", "stable"])
def test_generated_events(keep, card_file, tmp_path):
    events = 12
    path = tmp_path / "events.root"
    settings = Settings(str(card_file), "embedded", "ATLAS", False, keep, events)
    generate(settings, "ttbar", "test-0000", path)
    flow, tower = constituents.read(path), constituents.read(path, "tower")
    assert len(flow) == len(tower) == events
    assert ak.all(ak.num(flow) > 20) and ak.all(ak.num(tower) > 10)
    particle = rootfile.read(path, ["Particle.PID", "Particle.Status", "Event.Weight"])
    np.testing.assert_array_equal(ak.flatten(particle["Event.Weight"]), 1)
    if keep == "jets":
        assert ak.all(ak.num(particle["Particle.PID"]) == 10)  # t, W, b, q q̄, twice
        assert "Track.PT" not in rootfile.branches(path)
    else:
        assert ak.all(ak.num(particle["Particle.PID"]) > 100)
        assert "Track.PT" in rootfile.branches(path)


def test_particle_level_jets_keep_the_particles(card_file, tmp_path):
    path = tmp_path / "events.root"
    settings = Settings(str(card_file), "none", "ATLAS", False, "jets", 5)
    generate(settings, "ttbar", "test-0000", path)
    found = constituents.read(path, "particle")
    assert ak.all(ak.num(found) > 100)
    names = ["Particle.PID", "Particle.Status", "Particle.M1", "Particle.D1"]
    pid, status, mother, daughter = rootfile.read(path, names).values()
    top = abs(pid) == 6
    assert ak.all(ak.sum(top, axis=1) == 2) and ak.all(status[top] == 62)
    assert ak.all(abs(pid[daughter[top]]) == 24)
    assert ak.all(mother[status == 1] == -1)
    total = ak.sum(found.pt * np.cos(found.phi), axis=1)
    assert ak.all(abs(total) < 150)  # what neutrinos take away

    # the closest approach of a straight line to the beam, found by looking along it
    names = [f"Particle.{n}" for n in ("Status", "Charge", "X", "Y", "Z", "Px", "Py", "Pz")]
    branches = rootfile.read(path, names)
    line = {name.split(".")[1]: values[status == 1] for name, values in branches.items()}
    track = line["Charge"] != 0
    x, y, z, px, py, pz = (ak.to_numpy(ak.flatten(line[n][track])).astype(float) for n in AXES)
    step = -(x * px + y * py) / (px**2 + py**2)
    tracks = found[found.charge != 0]
    d0, z0 = (ak.to_numpy(ak.flatten(tracks[n])) for n in ("d0", "z0"))
    assert (np.hypot(x, y) > 1).sum() > 20
    np.testing.assert_allclose(abs(d0), np.hypot(x + step * px, y + step * py), atol=1e-3)
    np.testing.assert_allclose(z0, z + step * pz, rtol=1e-3, atol=1e-3)
    assert not ak.any(found.d0[found.charge == 0])
