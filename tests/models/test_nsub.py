"""Dense networks on N-subjettiness bases."""

from dataclasses import replace

import pytest
import torch
from helpers_sets import overfitted, padded, parameters
from helpers_tagging import NAMES
from helpers_variables import auc, random_jets
from torch.nn import functional

from relearn import models
from relearn.errors import UserError
from relearn.models import nsub
from relearn.models.variables import basis

# as talk 002 lists them
TALK = {
    2: "1_1 1_2",
    3: "1_05 1_1 1_2 2_1 2_2",
    4: "1_05 1_1 1_2 2_05 2_1 2_2 3_1 3_2",
    5: "1_05 1_1 1_2 2_05 2_1 2_2 3_05 3_1 3_2 4_1 4_2",
    6: "1_05 1_1 1_2 2_05 2_1 2_2 3_05 3_1 3_2 4_05 4_1 4_2 5_1 5_2",
}


@pytest.mark.parametrize("bodies", TALK)
def test_bases_are_the_talks(bodies):
    assert basis(bodies) == tuple(f"tau{one.replace('_', '_b')}" for one in TALK[bodies].split())


@pytest.mark.parametrize("bodies", nsub.BODIES)
def test_a_basis_has_the_dimensions_of_phase_space_and_is_stored(bodies):
    assert len(set(basis(bodies))) == 3 * bodies - 4
    assert set(nsub.build("small", bodies=bodies).needs) <= set(NAMES)


@pytest.mark.parametrize(
    ("size", "options", "count"),
    [
        ("small", {}, 12_602),
        ("medium", {}, 23_702),
        ("paper", {}, 57_502),
        ("paper", {"bodies": 6, "outputs": 1, "mass": False, "pt": False}, 55_851),
    ],
)
def test_parameters(size, options, count):
    network = nsub.build(size, constituents=40, features=1, **options)
    assert parameters(network) == count
    sizes = (len(network.needs), *nsub.SIZES[size]["hidden"], options.get("outputs", 2))
    assert count == sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({}, ("mass", "pt")),
        ({"mass": False}, ("pt",)),
        ({"pt": False}, ("mass",)),
        ({"mass": False, "pt": False}, ()),
    ],
)
def test_inputs_are_the_columns_by_name(options, more):
    network = nsub.build("small", bodies=3, **options)
    assert network.needs == (*basis(3), *more)
    jets = random_jets(6, reversed(NAMES))
    (values,) = network.prepare(jets)
    for column, name in zip(values.unbind(dim=1), network.needs, strict=True):
        assert torch.equal(column, jets.column(name))


def test_inputs_are_standardised_by_the_training_jets():
    network, jets = nsub.build("small", bodies=2), random_jets(500, NAMES)
    scaled = jets.observables * torch.logspace(-3, 3, len(NAMES)) + 7
    scaled[:, NAMES.index("pt")] = 400.1  # the same in all jets
    jets = replace(jets, observables=scaled)
    (values,) = network.prepare(jets)
    network.fit_scaling(values)
    seen = []
    network.layers[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(values)
    wanted = torch.tensor([1.0, 1.0, 1.0, 0.0])
    torch.testing.assert_close(seen[0].mean(dim=0), torch.zeros(4), rtol=0, atol=1e-3)
    torch.testing.assert_close(seen[0].std(dim=0, correction=0), wanted, rtol=1e-3, atol=1e-3)


def test_the_unit_of_an_input_is_of_no_matter():
    torch.manual_seed(0)
    network, jets = nsub.build("small"), random_jets(50, NAMES)
    found = []
    for factor in (1.0, 1000.0):
        (values,) = network.prepare(replace(jets, observables=factor * jets.observables))
        network.fit_scaling(values)
        found.append(network(values))
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_constituents_and_padding_are_of_no_matter():
    network, jets = nsub.build("small"), random_jets(5, NAMES)
    more = replace(padded(jets, 7), observables=jets.observables, observable_names=tuple(NAMES))
    assert torch.equal(network(*network.prepare(jets)), network(*network.prepare(more)))


def test_dropout_is_of_training_alone():
    network, jets = nsub.build("paper"), random_jets(20, NAMES)
    shares = [one.p for one in network.layers if isinstance(one, torch.nn.Dropout)]
    assert shares == [0.2, 0.2, 0.1, 0.1]
    inputs = network.prepare(jets)
    assert not torch.equal(network(*inputs), network(*inputs))
    network.eval()
    assert torch.equal(network(*inputs), network(*inputs))


@pytest.mark.parametrize("size", nsub.SIZES)
def test_it_overfits_a_few_jets(size):
    torch.manual_seed(0)
    assert overfitted(models.build("nsub", size), random_jets(16, NAMES), steps=300) < 0.05


def test_it_finds_a_planted_signal():
    """AUC = Φ(δ/√2), δ = 2, of normal distributions is the best that there is: 0.921."""
    torch.manual_seed(0)
    train, test = (random_jets(2000, NAMES, seed, tau3_b1=2.0) for seed in (0, 1))
    network = nsub.build("small", bodies=4)
    inputs = network.prepare(train)
    network.fit_scaling(*inputs)
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(30):
        optimiser.zero_grad()
        functional.cross_entropy(network(*inputs), train.label.long()).backward()
        optimiser.step()
    with torch.no_grad():
        logits = network.eval()(*network.prepare(test))
    assert auc(logits[:, 1] - logits[:, 0], test.label) == pytest.approx(0.921, abs=0.02)


def test_state_round_trip():
    network, jets = nsub.build("medium"), random_jets(9, NAMES)
    network.fit_scaling(*network.prepare(jets))
    other = nsub.build("medium")
    other.load_state_dict(network.state_dict())
    found = [one.eval()(*one.prepare(jets)) for one in (network, other)]
    assert torch.equal(*found)


def test_what_is_missing_is_named():
    jets = random_jets(4, ["tau1_b1", "tau1_b2"])
    with pytest.raises(UserError, match="nsub needs the observables mass, pt; these jets have tau"):
        nsub.build("small", bodies=2).prepare(jets)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bodies": 10}, "bodies: 10 is not one of 2 … 9"),
        ({"dropout": [0.1]}, "one for each of 2 hidden layers"),
        ({"dropout": 1.0}, r"one number in \[0, 1\)"),
        ({"depth": 3}, "nsub: no option depth"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        nsub.build("small", **options)
    with pytest.raises(UserError, match="nsub has no size 'large'"):
        nsub.build("large")
