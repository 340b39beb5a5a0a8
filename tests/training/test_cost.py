"""Operations for a jet by hand: products, those that PyTorch does not know, and what has none."""

import math

import pytest
from helpers_sets import made_up
from helpers_tagger_training import CONSTITUENTS, flat, jets

from relearn import models
from relearn.training import cost


def test_a_multiplication_with_its_addition_is_two():
    network = flat(hidden=16).train()
    assert cost.flops(network, jets(8)) == 2 * (4 * CONSTITUENTS * 16 + 16 * 2)
    assert network.training, "the tagger is left as it was"


def test_the_minima_of_lola_count():
    """Of n² pairs: four products for d², one with the weight, and as many sums or comparisons."""
    with_minima, without = (
        cost.flops(models.build("lola", "small", constituents=6, minima=c), made_up(4, 6))
        for c in (2, 0)
    )
    vectors, nodes = 1 + 6 + 5, 32  # the minima are two rows of the first dense layer, too
    assert with_minima - without == vectors**2 * 2 * (4 + 2) + 2 * 2 * vectors * nodes


@pytest.mark.parametrize(("cell", "gates"), [("lstm", 4), ("gru", 3)])
def test_recurrent_cells_count(cell, gates):
    network = models.build(cell, "small", constituents=5)
    hidden, inputs, dense = 32, 4, 32
    steps = 5 * 2 * gates * hidden * (inputs + hidden)
    assert cost.flops(network, made_up(4, 5)) == steps + 2 * (hidden * dense + dense * 2)


def test_what_is_no_network_has_no_operations():
    assert math.isnan(cost.flops(models.build("cuts", "small", of="mass"), made_up(4, 5)))
