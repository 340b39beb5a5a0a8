"""V → V, V², |V|² on networks made by hand, whose answers are known in closed form."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from relearn.models import mlp
from relearn.models.mlp import MLP
from relearn.studies import identity, norm_squared, segments, square, units

LIMITS = (-2.0, 2.0)


def network(weights, biases, activation="relu"):
    """A network of one hidden layer, natural units being the standardised ones."""
    (first, second), (shift, last) = weights, biases
    made = MLP((first.shape[1], len(first), len(second)), [activation])
    with torch.no_grad():
        for layer, values in zip(made.layers, ((first, shift), (second, last)), strict=True):
            layer.weight.copy_(torch.as_tensor(values[0]))
            layer.bias.copy_(torch.as_tensor(values[1]))
    return made.eval()


def random_network(hidden, activation, seed=3):
    torch.manual_seed(seed)
    made = MLP((3, *hidden, 3), [activation] * len(hidden))
    with torch.no_grad():
        for layer in made.layers:
            layer.bias.uniform_(-1, 1)
    return made.eval()


def interpolator(knots, shift=0.0):
    """x² interpolated at the knots of each component, as a ReLU network; then lifted by `shift`.

    Each inner knot is a unit; the first piece is a unit that is on everywhere in `LIMITS`.
    """
    first, biases, second, offsets = [], [], [], []
    for component, inner in enumerate(knots):
        x = np.array([LIMITS[0], *inner, LIMITS[1]])
        slopes = np.diff(x**2) / np.diff(x)
        for place, bend in zip(x[:-1], np.diff(slopes, prepend=0), strict=True):
            before = place if place > LIMITS[0] else LIMITS[0] - 1
            first.append(np.eye(3)[component])
            biases.append(-before)
            second.append(bend * np.eye(3)[component])
        offsets.append(x[0] ** 2 - slopes[0] + shift)
    return network((np.array(first), np.array(second).T), (biases, offsets))


# --- straight pieces ------------------------------------------------------------------


def test_kinks_are_where_a_unit_is_zero():
    made = network(
        (np.array([[2.0, 0, 0], [-1, 5, 0], [0, 1, 0]]), np.ones((3, 3))),
        ([1.0, 0.5, 0.3], np.zeros(3)),
    )
    made.input_mean.fill_(0.0)
    made.input_std.fill_(4.0)
    # 2 x/4 + 1 = 0 at −2, −x/4 + 0.5 = 0 at 2; the third unit does not depend on x.
    np.testing.assert_allclose(segments.breaks(made, 0, (-3.0, 3.0)), [-3, -2, 2, 3])
    np.testing.assert_allclose(segments.breaks(made, 0, (-1.0, 3.0)), [-1, 2, 3])


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("hidden", [(6,), (5, 4), (4, 4, 4)])
def test_pieces_are_straight_and_each_break_bends(activation, hidden):
    made = random_network(hidden, activation)
    x = segments.breaks(made, 1, (-3.0, 3.0))
    y = segments.along(made, 1, x)
    fine = np.linspace(-3, 3, 5001)
    np.testing.assert_allclose(segments.along(made, 1, fine), np.interp(fine, x, y), atol=1e-12)
    # As many breaks as a change of slope on the fine grid shows, or more where it is tiny.
    slopes = np.diff(segments.along(made, 1, fine)) / np.diff(fine)
    edges = np.abs(np.diff(slopes)) > 1e-6
    seen = np.count_nonzero(edges[1:] & ~edges[:-1]) + int(edges[0])
    assert len(x) - 2 >= seen >= 2


def test_smooth_activations_have_no_pieces():
    made = random_network((4,), "tanh")
    with pytest.raises(ValueError, match="tanh"):
        segments.breaks(made, 0, LIMITS)
    numbers = square.look_along(made, [LIMITS] * 3)
    assert "segments" not in numbers
    assert numbers["crossings"] == sum(numbers[f"crossings_{c}"] for c in units.COMPONENTS)


def test_crossings_of_a_chord():
    # From −1 to 1 the line y = 1/3 crosses x² at ±1/√3; a line that touches does not.
    np.testing.assert_allclose(
        segments.parabola_crossings(np.array([-1.0, 1]), np.array([1 / 3, 1 / 3])),
        [-(3**-0.5), 3**-0.5],
    )
    assert not segments.parabola_crossings(np.array([-1.0, 1]), np.array([0.0, 0.0])).size
    grid = np.linspace(-1, 1, 2000)
    np.testing.assert_allclose(
        segments.grid_crossings(grid, 1 / 3 - grid**2), [-(3**-0.5), 3**-0.5], atol=1e-6
    )


def test_segments_and_crossings_of_a_spline():
    even = np.linspace(*LIMITS, 9)[1:-1]  # 8 pieces of 0.5
    fewer = np.linspace(*LIMITS, 5)[1:-1]  # 4 pieces of 1
    # A best-fit chord lies h²/6 below the one that interpolates.
    made = interpolator([even, even, fewer], shift=-(0.5**2) / 6)
    numbers = square.look_along(made, [LIMITS] * 3)
    assert [numbers[f"segments_{c}"] for c in units.COMPONENTS] == [8, 8, 4]
    assert numbers["segments"] == 20
    assert numbers["segments_unevenness"] == pytest.approx((8 - 4) / (20 / 3))
    assert not numbers["segments_even"]
    assert numbers["segment_length"] == pytest.approx(12 / 20)
    assert [numbers[f"crossings_{c}"] for c in units.COMPONENTS] == [16, 16, 8]
    assert numbers["two_crossings"] == 1
    # Pieces of 1 are crossed at ½ ± √(¼ − 1/24), those of ½ at a half ± 1/(2√3) of it.
    assert numbers["crossing_distance"] == pytest.approx(3**-0.5, rel=1e-4)
    # The slope of x² goes from −4 to 4; between pieces of 1 it changes by 2.
    assert numbers["largest_bend"] == pytest.approx(2 / 8, rel=1e-4)


def test_two_crossings_by_chance():
    # Two pieces of one length, two crossings in the first: each is there with ½.
    numbers = square.crossings_in_pieces([(np.array([0.0, 1, 2]), np.array([0.1, 0.5]))])
    assert numbers["two_crossings"] == 0.5
    assert numbers["two_crossings_chance"] == pytest.approx(0.25)
    assert numbers["crossing_distance"] == pytest.approx(0.4)
    nothing = square.crossings_in_pieces([(np.array([0.0]), np.array([0.1]))])
    assert all(np.isnan(value) for value in nothing.values())


def test_best_error_of_straight_pieces():
    # The same by least squares: free knots are best where their density is w^(1/5), a normal
    # distribution √5 times as wide.
    pieces = 60
    knots = norm.ppf(np.arange(1, pieces) / pieces) * 5**0.5
    x = np.linspace(-8, 8, 40001)
    weight = np.sqrt(norm.pdf(x))
    basis = np.column_stack([np.ones_like(x), x, *(np.maximum(x - k, 0) for k in knots)])
    used = np.abs(basis * weight[:, None]).sum(axis=0) > 0
    fit = np.linalg.lstsq(basis[:, used] * weight[:, None], x**2 * weight, rcond=None)[0]
    squared = np.sum((weight * (basis[:, used] @ fit - x**2)) ** 2) * (x[1] - x[0])
    assert square.best_relative_rmse(pieces) == pytest.approx(np.sqrt(squared / 2), rel=0.03)


# --- units ----------------------------------------------------------------------------


def test_shares_of_units():
    weights = np.array([[3.0, 0.1, 0], [0, -2, 0.1], [0.1, 4, 0], [1, 1.1, 0.9]])
    made = network((weights, np.ones((3, 4))), (np.zeros(4), np.zeros(3)))
    shares = units.share_of_units(made)
    assert [shares[f"units_{c}"] for c in units.COMPONENTS] == [1, 3, 0]
    assert shares["units_unevenness"] == pytest.approx(3 / (4 / 3))
    assert shares["dedicated_share"] == 0.75  # the last looks at all three


def test_random_directions_are_dedicated_by_chance():
    directions = np.random.default_rng(5).standard_normal((20000, 3))
    made = network((directions, np.ones((3, 20000))), (np.zeros(20000), np.zeros(3)))
    assert units.dedicated_share(made) == pytest.approx(3 * (1 - 0.9**0.5), abs=0.01)


def test_initial_weights_are_drawn_again():
    row = {"start": "scratch", "seed": 7, "initialiser": "glorot_uniform"}
    layers = mlp.initial_layers((3, 12, 3), "glorot_uniform", torch.Generator().manual_seed(7))
    (first, shift), (second, last) = ((w.numpy(), b.numpy()) for w, b in layers)
    untouched = network((first, second), (shift, last))
    assert units.initial_weights(row, untouched)["kept_input"] == 1
    rolled = network((np.roll(first, 1, axis=1), second), (shift, last))
    assert units.initial_weights(row, rolled)["kept_input"] == 0
    assert units.initial_weights(row | {"start": "frozen"}, rolled) == {}


def test_reference_is_the_longest_training_of_the_first_kind():
    table = pd.DataFrame(
        [
            ("square", "3", "relu", 100),
            ("square", "25", "relu", 100),
            ("variants", "25", "tanh", 900),
            ("long", "25", "relu", 50),  # stopped early
            ("long", "25", "relu", 1000),
        ],
        columns=["scan", "hidden", "activation", "epochs"],
    ).assign(convention="keras", initialiser="glorot_uniform", dropout=0.0)
    assert square.reference(table).tolist() == [True, False, False, True, True]


# --- V → V and |V|² -------------------------------------------------------------------


def test_sparsest_identity():
    order = np.eye(3)[[2, 0, 1]]
    made = network((4 * order, order.T / 4), (np.zeros(3), np.zeros(3)), "linear")
    made.input_std.copy_(torch.tensor([1.0, 2.0, 4.0]))
    made.target_std.copy_(made.input_std)
    events = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    assert identity.deviation(identity.product(made)) < 1e-7
    assert identity.deviation(identity.jacobian(made, events)) < 1e-7
    assert identity.count_weights(made) == {
        "nonzero_weights": 6,
        "fewest_weights": 6,
        "sparsity": 1.0,
    }


def test_product_of_two_sided_relu_is_two():
    # x = max(x, 0) − max(−x, 0): the network is right, the product of its layers is 2.
    both = np.concatenate([np.eye(3), -np.eye(3)])
    made = network((both, both.T), (np.zeros(6), np.zeros(3)))
    events = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    assert identity.deviation(identity.product(made)) == pytest.approx(3**-0.5)
    assert identity.deviation(identity.jacobian(made, events)) == 0
    assert identity.count_weights(made)["sparsity"] == 0.5


def test_product_is_in_natural_units():
    made = network((np.eye(3), np.eye(3)), (np.zeros(3), np.zeros(3)), "linear")
    made.input_std.fill_(2.0)
    made.target_std.copy_(torch.tensor([2.0, 4.0, 6.0]))
    np.testing.assert_allclose(identity.product(made), np.diag([1.0, 2, 3]))
    events = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    np.testing.assert_allclose(
        identity.jacobian(made, events), np.broadcast_to(np.diag([1.0, 2, 3]), (5, 3, 3)), rtol=1e-6
    )


@pytest.fixture(scope="module")
def squares():
    return np.random.default_rng(11).standard_normal((200_000, 3)) ** 2


def test_summation_nodes_in_any_order_and_scale(squares):
    nodes = squares[:, [1, 2, 0]] * [3.0, -2, 0.1] + 5
    found = norm_squared.summation_nodes(nodes, squares)
    assert found == pytest.approx({"node_match": 1, "node_span": 1})


def test_summation_nodes_that_know_only_the_sum(squares):
    total = squares.sum(axis=1, keepdims=True)
    found = norm_squared.summation_nodes(total * [1.0, 2, -1], squares)
    assert found == pytest.approx({"node_match": 1 / 3, "node_span": 1 / 3}, abs=0.01)


def test_summation_nodes_that_are_a_mixture(squares):
    mixture = np.array([[1.0, 1, 1], [1, -1, 0], [1, 1, -2]])
    found = norm_squared.summation_nodes(squares @ mixture.T, squares)
    assert found["node_span"] == pytest.approx(1)
    # Rows have r² of 1/3 each, (½, ½, 0) and (1/6, 1/6, 2/3): the best is ⅓ + ½ + ⅔.
    assert found["node_match"] == pytest.approx(0.5, abs=0.01)


def test_summation_nodes_that_are_too_few(squares):
    found = norm_squared.summation_nodes(squares[:, :2], squares)
    assert np.isnan(found["node_match"])
    assert found["node_span"] == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"activation": "relu", "layers": 1, "start": "scratch"}, "alternative-1-layer"),
        ({"activation": "relu", "layers": 3, "start": "scratch"}, "alternative-3-layers"),
        ({"activation": "relu+linear", "layers": 2, "start": "frozen"}, "intuitive-frozen"),
    ],
)
def test_strategies(row, name):
    assert norm_squared.strategy(row) == name
