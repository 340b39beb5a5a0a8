"""What changes of jets must leave as it is."""

import math

import pytest
import torch
from helpers_sets import made_up, padded

from relearn.kinematics import delta_r, mass, pt
from relearn.models.constituents import pt_eta_phi
from relearn.training import augment


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def drawn():
    return made_up(50, 12, features=2, massive=True)


EVERY = {"jes_shift": 0.05, "jes_smear": 0.1, "rotation": 180.0, "drop": 0.3}
ONE_EACH = [{name: value} for name, value in EVERY.items()] + [EVERY]


@pytest.mark.parametrize("strengths", ONE_EACH, ids="+".join)
def test_padding_stays_and_changes_nothing(drawn, strengths):
    found = augment.augment(drawn, strengths, generator())
    p4, mask = found.p4, found.mask
    assert (p4[~mask] == 0).all() and (found.extra[~mask] == 0).all()
    assert (mask[:, :-1] >= mask[:, 1:]).all() and mask[:, 0].all()  # at the end
    assert not torch.equal(p4, drawn.p4)
    if "drop" not in strengths:
        assert torch.equal(mask, drawn.mask)
        more = augment.augment(padded(drawn, 3), strengths, generator())
        assert torch.equal(more.p4[:, :12], p4) and not more.p4[:, 12:].any()


@pytest.mark.parametrize("strengths", ONE_EACH, ids="+".join)
def test_constituents_stay_on_their_mass_shell(strengths):
    """Massless ones stay massless; others keep m/pT, which an energy scale does not change."""
    rounding = 3e-6  # of float32, in E² − p², of two changes one after the other
    for massive in (False, True):
        before = made_up(50, 12, massive=massive)
        found = augment.augment(before, strengths, generator())
        p4 = found.p4.double()[found.mask]
        off = p4[:, 0].square() - p4[:, 1:].square().sum(dim=1)
        expected = 0.1396**2 if massive else 0.0
        if set(strengths) & {"jes_shift", "jes_smear"}:
            assert (off.abs() < rounding * p4[:, 0].square() + 1.6**2 * expected).all()
        else:
            assert ((off - expected).abs() < rounding * p4[:, 0].square()).all()


@pytest.mark.parametrize("strengths", ONE_EACH, ids="+".join)
def test_the_seed_decides(drawn, strengths):
    once, again, other = (augment.augment(drawn, strengths, generator(s)).p4 for s in (1, 1, 2))
    assert torch.equal(once, again)
    assert torch.equal(once, other) == (set(strengths) == {"jes_shift"})


def test_a_shift_scales_all_energies_and_masses():
    drawn = made_up(50, 12, least=6)
    found = augment.augment(drawn, {"jes_shift": -0.1}, generator())
    torch.testing.assert_close(found.p4, 0.9 * drawn.p4)
    total = [x.p4.sum(dim=1).double().numpy() for x in (found, drawn)]
    assert mass(total[0]) == pytest.approx(0.9 * mass(total[1]), rel=1e-4)


def test_the_smearing_is_gaussian_and_common_to_a_jet():
    drawn = made_up(4000, 3)
    factor = augment.smear(drawn, 0.1, generator()).p4 / drawn.p4
    of_jet = factor[:, 0, 0]
    there = drawn.mask[..., None].expand_as(factor)
    spread = (factor / of_jet[:, None, None])[there]
    torch.testing.assert_close(spread, torch.ones_like(spread))
    standard = (of_jet - 1) / 0.1
    assert abs(standard.mean()) < 4 / 4000**0.5 and abs(standard.std() - 1) < 4 / 8000**0.5
    assert abs((standard.abs() < 1).double().mean() - 0.6827) < 4 * (0.2166 / 4000) ** 0.5


def test_no_smeared_energy_is_negative(drawn):
    found = augment.smear(drawn, 5.0, generator())
    assert torch.equal(found.mask, drawn.mask)


def test_a_rotation_keeps_pt_and_all_distances(drawn):
    angle = torch.linspace(-3, 3, len(drawn))
    found = augment.rotate(drawn, angle)
    before, after = (x.p4.double().numpy() for x in (drawn, found))
    assert pt(after) == pytest.approx(pt(before), rel=1e-5)
    axis = before.sum(axis=1, keepdims=True)
    near = drawn.mask.numpy()
    apart = [delta_r(x, axis)[near] for x in (after, before)]
    assert apart[0] == pytest.approx(apart[1], abs=2e-5)
    pairs = [delta_r(x[:, :1], x)[near] for x in (after, before)]
    assert pairs[0] == pytest.approx(pairs[1], abs=2e-5)


def test_a_rotation_turns_by_its_angle(drawn):
    """In the plane of (η, φ) around the axis."""
    _, eta, phi = (x[:, None] for x in pt_eta_phi(drawn.p4.sum(dim=1)))

    def bearing(of):
        _, other_eta, other_phi = pt_eta_phi(of.p4)
        turned = torch.remainder(other_phi - phi + math.pi, 2 * math.pi) - math.pi
        return torch.atan2(turned, other_eta - eta)

    off = bearing(augment.rotate(drawn, torch.full((len(drawn),), 0.5))) - bearing(drawn) - 0.5
    off = torch.remainder(off + math.pi, 2 * math.pi) - math.pi
    far = drawn.mask & (torch.from_numpy(delta_r(drawn.p4, drawn.p4.sum(dim=1)[:, None])) > 0.01)
    assert far.sum() > 100 and off[far].abs().max() < 1e-3


def test_no_rotation_is_nothing(drawn):
    for angle in (0.0, 2 * math.pi):
        found = augment.rotate(drawn, torch.full((len(drawn),), angle))
        torch.testing.assert_close(found.p4, drawn.p4, rtol=1e-4, atol=1e-4)


def test_lost_constituents_are_lost_as_often_as_wanted():
    drawn = made_up(400, 30, features=1, least=30)
    found = augment.drop(drawn, 0.25, generator())
    lost = 1 - float(found.mask.sum() / drawn.mask.sum())
    assert abs(lost - 0.25) < 4 * (0.25 * 0.75 / 12000) ** 0.5


def test_those_that_are_left_keep_order_and_columns(drawn):
    found = augment.drop(drawn, 0.5, generator())
    for before, after, extra, extras in zip(
        drawn.p4, found.p4, drawn.extra, found.extra, strict=True
    ):
        kept = after[after[:, 0] > 0]
        places = [(before == one).all(dim=1).nonzero()[0, 0] for one in kept]
        assert places == sorted(places)
        assert all(torch.equal(extras[i], extra[place]) for i, place in enumerate(places))


def test_one_constituent_is_always_left():
    drawn = made_up(300, 5)
    found = augment.drop(drawn, 1.0, generator())
    assert (found.mask.sum(dim=1) == 1).all()
    alike = (drawn.p4 == found.p4[:, :1]).all(dim=2) & drawn.mask
    places = alike.byte().argmax(dim=1)[drawn.mask.sum(dim=1) == 5]
    assert len(places.unique()) == 5  # any of them, not always the hardest
