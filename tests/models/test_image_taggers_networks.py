"""Networks on images: sizes, layers, and whether they learn at all."""

import pytest
import torch
from helpers_image_taggers import mirrored, padded, stored
from torch import nn

from relearn.errors import UserError
from relearn.models import cnn, deeptop, image_dense, macaluso_shih, resnet

JETS = stored()
FAMILIES = (image_dense, cnn, deeptop, macaluso_shih, resnet)

PARAMETERS = {
    (image_dense, "small"): 52_354,
    (image_dense, "medium"): 106_754,
    (image_dense, "paper"): 115_074,
    (cnn, "small"): 2_498,
    (cnn, "medium"): 10_882,
    (cnn, "paper"): 30_786,
    (deeptop, "small"): 61_914,
    (deeptop, "medium"): 215_514,
    (deeptop, "paper"): 216_546,  # 1701.08784: about 216.5 thousand
    (macaluso_shih, "small"): 27_050,
    (macaluso_shih, "medium"): 91_026,
    (macaluso_shih, "paper"): 609_666,  # 1902.09914: 610 thousand
    (resnet, "small"): 10_762,
    (resnet, "medium"): 63_410,
    (resnet, "paper"): 1_457_314,  # 1902.09914: 1.46 million
}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def names(value):
    return value.__name__.rsplit(".", 1)[-1] if hasattr(value, "__name__") else None


def ready(family, size="small", **options):
    torch.manual_seed(1)
    network = family.build(size, **options)
    pictures = network.prepare(JETS)
    network.fit_scaling(*pictures)
    return network, pictures


@pytest.mark.parametrize(("family", "size"), PARAMETERS, ids=names)
def test_parameters(family, size):
    assert count(family.build(size)) == PARAMETERS[family, size]


@pytest.mark.parametrize("family", FAMILIES, ids=names)
def test_all_sizes_are_counted(family):
    assert {size for known, size in PARAMETERS if known is family} == set(family.SIZES)


def test_deeptop_of_the_paper_by_hand():
    convolutions = (16 + 1) * 8 + 3 * (8 * 16 + 1) * 8
    dense = (20 * 20 * 8 + 1) * 64 + 2 * (64 + 1) * 64 + (64 + 1) * 2
    assert convolutions + dense == PARAMETERS[deeptop, "paper"]
    assert count(deeptop.build(padding="one")) == 159_714
    assert count(deeptop.build(pools=(2, 2))) == 62_946


def test_macaluso_shih_with_keras_padding():
    assert count(macaluso_shih.build(padding="same")) == 757_122


@pytest.mark.parametrize("family", FAMILIES, ids=names)
def test_overfits_a_tiny_batch(family):
    network, pictures = ready(family)
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(150):
        loss = nn.functional.cross_entropy(network(*pictures), JETS.label.long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss < 0.05:
            break
    assert loss < 0.05


@pytest.mark.parametrize("family", FAMILIES, ids=names)
def test_padding_and_mirror_images_are_of_no_matter(family):
    network, pictures = ready(family)
    network.eval()
    expected = network(*pictures)
    assert torch.allclose(network(*network.prepare(padded(JETS, 5))), expected, atol=1e-5)
    assert torch.allclose(network(*network.prepare(mirrored(JETS))), expected, atol=1e-3)


@pytest.mark.parametrize("size", ["small", "medium", "paper"])
def test_evaluation_is_deterministic(size):
    network, pictures = ready(cnn, size)
    network.eval()
    assert torch.equal(network(*pictures), network(*pictures))
    dropped = network.train()(*pictures)
    assert torch.equal(dropped, network.eval()(*pictures)) == (size != "paper")


@pytest.mark.parametrize("family", FAMILIES, ids=names)
def test_options_reach_the_network(family):
    network, pictures = ready(family, channels="colours", outputs=5, constituents=40, features=1)
    assert pictures[0].shape == (24, 3, 40, 40)
    assert network(*pictures).shape == (24, 5)
    whole, pictures = ready(family, steps="centre")
    assert pictures[0].shape[-1] == 96 and whole(*pictures).shape == (24, 2)


@pytest.mark.parametrize("family", FAMILIES, ids=names)
def test_unknown_sizes_and_options_are_refused(family):
    with pytest.raises(UserError, match="no size 'huge'; there are small, medium, paper"):
        family.build("huge")
    with pytest.raises(UserError, match="no option colour; there are .*channels, "):
        family.build("small", colour=True)


def test_layers_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="nothing is left of a picture after block 2"):
        deeptop.build("small", pools=(8, 8, 1))
    with pytest.raises(UserError, match="3 blocks of filters, 1 kernels"):
        deeptop.build("small", kernels=(4,))
    with pytest.raises(UserError, match="no padding 'two'; there are same, one"):
        deeptop.build("small", padding="two")
    with pytest.raises(UserError, match="width 8 is no multiple of the 3 groups"):
        resnet.build("small", groups=3)


def test_feature_maps_are_the_values_of_the_layers():
    network, (pictures,) = ready(deeptop, "paper")
    network.eval()
    maps = network.feature_maps(pictures)
    shapes = {name: tuple(value.shape[1:]) for name, value in maps.items()}
    assert shapes == {
        "conv1": (8, 40, 40),
        "conv2": (8, 40, 40),
        "conv3": (8, 20, 20),
        "conv4": (8, 20, 20),
        "dense1": (64,),
        "dense2": (64,),
        "dense3": (64,),
    }
    # ... from the first, written out, to the last, from which the output comes
    first = network.layers.conv1[1]
    padded_picture = nn.functional.pad(pictures / 600, (1, 2, 1, 2))
    by_hand = nn.functional.conv2d(padded_picture, first.weight, first.bias).relu()
    assert torch.allclose(maps["conv1"], by_hand, atol=1e-6)
    assert torch.equal(network.layers.output(maps["dense3"]), network(pictures))


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (image_dense, ["dense1", "dense2"]),
        (resnet, ["stem", "stage1", "stage2", "stage3"]),
    ],
    ids=names,
)
def test_feature_maps_of_other_families(family, expected):
    network, (pictures,) = ready(family)
    maps = network.feature_maps(pictures)
    assert list(maps) == expected and all(len(value) == 24 for value in maps.values())


def test_keras_pads_one_more_behind():
    """A pixel moves by what the kernel says, at the edge too."""
    network = deeptop.build("small", filters=((1,),), kernels=(4,), pools=(1,), scale=1.0)
    convolution = network.layers.conv1[1]
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[0, 0, 3, 0] = 1.0  # from 2 rows behind and 1 column before
    picture = torch.zeros(1, 1, 40, 40)
    picture[0, 0, 2, 38] = 7.0
    found = network.feature_maps(picture)["conv1"]
    assert found.shape == (1, 1, 40, 40)
    assert found.nonzero().tolist() == [[0, 0, 0, 39]]
