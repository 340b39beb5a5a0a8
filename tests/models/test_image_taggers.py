"""Pictures as taggers take them: steps, colours, threshold and normalisation."""

import numpy as np
import pytest
import torch
from helpers_image_taggers import mirrored, padded, scaled, shuffled, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from relearn.errors import UserError
from relearn.jets.images import STEPS, jet_image
from relearn.models import deeptop
from relearn.models.images import ImageTagger, Pictures, channels_last

JETS = stored()
FEW = settings(max_examples=8)


def images(jets=JETS, **options):
    return Pictures(**options)(jets)


def test_pictures_are_those_of_jet_image():
    expected = jet_image(JETS.p4.numpy())
    assert np.array_equal(images()[:, 0], expected)
    assert images().dtype == torch.float32 and images().shape == (24, 1, 40, 40)


@pytest.mark.parametrize("left_out", STEPS)
def test_each_step_can_be_left_out(left_out):
    steps = [step for step in STEPS if step != left_out]
    found = images(steps="+".join(steps))
    assert np.array_equal(found[:, 0], jet_image(JETS.p4.numpy(), steps=steps))
    assert torch.equal(found, images(steps=steps))
    if left_out != "crop":
        assert not torch.equal(found, images())
    else:
        assert found.shape == (24, 1, 96, 96)


def test_no_step_at_all():
    assert np.array_equal(images(steps="none")[:, 0], jet_image(JETS.p4.numpy(), steps=()))


def test_subpixel_takes_the_steps_on_constituents():
    expected = jet_image(JETS.p4.numpy(), level="constituent")
    assert np.array_equal(images(subpixel=True)[:, 0], expected)
    assert not np.allclose(expected, images()[:, 0])


def test_colours():
    found = images(channels="colours")
    assert found.shape == (24, 3, 40, 40)
    # charged and neutral together are all; both are pT, which is below ET, but hardly
    together, et = found[:, :2].sum(dim=(1, 2, 3)), images().sum(dim=(1, 2, 3))
    assert torch.all(together <= et * 1.0001) and torch.all(together > 0.9 * et)
    charged = (JETS.column("charge") != 0).sum(dim=1)
    inside = found[:, 2].sum(dim=(1, 2))
    assert torch.all(inside <= charged + 1e-3) and torch.all(inside > 0.8 * charged)


def test_colours_without_charge_are_refused():
    assert Pictures(channels="colours").needs == ("charge",) and Pictures().needs == ()
    with pytest.raises(UserError, match="'charge': add it to `features:`"):
        images(stored(charged=False), channels="colours")


def test_threshold_darkens_faint_pixels_only():
    full, cut = images(), images(threshold=2.0)
    assert torch.equal(cut, torch.where(full >= 2.0, full, 0.0))
    assert 0 < cut.count_nonzero() < full.count_nonzero()


def test_threshold_of_colours_is_of_the_energy_of_a_pixel():
    full, cut = images(channels="colours"), images(channels="colours", threshold=2.0)
    bright = full[:, :2].sum(dim=1, keepdim=True) >= 2.0
    assert torch.equal(cut, full * bright)


def test_threshold_of_a_trained_tagger_may_be_changed():
    tagger = deeptop.build("small", threshold=1.0)
    assert tagger.threshold == 1.0
    tagger.threshold = 3.0
    assert torch.equal(tagger.prepare(JETS)[0], images(threshold=3.0))


def test_a_shifted_energy_scale_is_seen():
    assert torch.allclose(images(scaled(JETS, 1.1)), 1.1 * images(), rtol=1e-4, atol=1e-4)


def test_pictures_divided_by_their_sum_do_not_see_the_energy_scale():
    found = images(normalise="sum")
    assert torch.allclose(found.sum(dim=(1, 2, 3)), torch.ones(24))
    assert torch.allclose(images(scaled(JETS, 1.1), normalise="sum"), found, atol=1e-6)
    colours = images(normalise="sum", channels="colours")
    assert torch.allclose(colours[:, :2].sum(dim=(1, 2, 3)), torch.ones(24))
    assert torch.equal(colours[:, 2], images(channels="colours")[:, 2])


def test_threshold_comes_before_normalisation():
    found = images(normalise="sum", threshold=2.0)
    cut = images(threshold=2.0)
    assert torch.allclose(found, cut / cut.sum(dim=(1, 2, 3), keepdim=True))
    assert not images(normalise="sum", threshold=1e6).any()


@FEW
@given(rows=st.integers(1, 30), seed=st.integers(0, 100), subpixel=st.booleans())
def test_padding_and_order_are_of_no_matter(rows, seed, subpixel):
    options = {"subpixel": subpixel, "channels": "colours"}
    expected = images(**options)
    assert torch.equal(images(padded(JETS, rows), **options), expected)
    changed = shuffled(padded(JETS, rows), seed)
    assert torch.allclose(images(changed, **options), expected, atol=1e-3, rtol=1e-4)


def test_flip_makes_mirrored_jets_the_same():
    assert torch.allclose(images(), images(mirrored(JETS)), atol=1e-3)
    unflipped = {"steps": "centre+rotate+crop"}
    left, right = images(**unflipped), images(mirrored(JETS), **unflipped)
    assert not torch.allclose(left, right, atol=1.0)


def test_scale_is_one_number_for_all_jets():
    assert deeptop.build("paper").gain.tolist() == pytest.approx([1 / 600])
    tagger = deeptop.build("small", channels="colours")
    (pictures,) = tagger.prepare(JETS)
    tagger.fit_scaling(pictures)
    for channel, gain in enumerate(tagger.gain):
        lit = pictures[:, channel][pictures[:, channel] != 0] * gain
        assert (lit**2).mean().item() == pytest.approx(1, rel=1e-4)
    fixed = deeptop.build("small", scale=50.0)
    fixed.fit_scaling(*fixed.prepare(JETS))
    assert fixed.gain.item() == pytest.approx(1 / 50)


def test_scale_of_dark_pictures_is_one():
    tagger = deeptop.build("small")
    tagger.fit_scaling(torch.zeros(3, 1, 40, 40))
    assert tagger.gain.item() == 1


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_last_changes_only_the_order_in_memory(channels):
    pictures = torch.rand(5, channels, 7, 7)
    last = channels_last(pictures)
    assert torch.equal(last, pictures)
    assert last.stride()[1:] == (1, 7 * channels, channels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": "centre+turn"}, "no step 'turn'; there are centre, rotate, flip, crop"),
        ({"channels": "red"}, "channels 'red'; there are et, colours"),
        ({"normalise": "max"}, "normalise 'max'; there are none, sum"),
        ({"threshold": -1.0}, "threshold -1.0 GeV is negative"),
        ({"scale": 0}, "scale 0 is neither 'fit' nor a number above 0 GeV"),
        ({"scale": "all"}, "scale 'all'"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        deeptop.build("small", **options)


def test_an_image_tagger_says_what_it_needs():
    assert deeptop.build("small", channels="colours").needs == ("charge",)
    assert issubclass(type(deeptop.build("small")), ImageTagger)
