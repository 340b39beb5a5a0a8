"""Jets as pictures: what all taggers on images share.

Talk 003 shows the picture: 40 × 40 pixels of 0.1 in η by 5° in φ, which hold the ET of the
calorimeter, after the steps *centre, rotate, flip, crop* of `relearn.jets.images`.

A pixel holds GeV. DeepTop (1701.08784) does not normalise each jet: its authors divide all pixels
by 600 GeV. So the network sees the energy scale, and the study of shifted scales (``jes_image``)
means something. Here all pixels are divided by one number for all jets, option ``scale``;
dividing each picture by its own sum (``normalise: sum``) is for comparison.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from relearn.errors import UserError
from relearn.jets.images import PIXELS, STEPS, WHOLE, jet_image
from relearn.models.jetbatch import Jets
from relearn.models.tagger import Tagger, check_options, options_of

CHANNELS = {
    "et": ("et",),
    # 1612.01551: red, green and blue are pT of charged, of neutral, and the number of charged
    "colours": ("pt_charged", "pt_neutral", "multiplicity_charged"),
}
NORMALISATIONS = ("none", "sum")
FIT = "fit"


@dataclass
class Pictures:
    """How jets become pictures.

    Attributes
    ----------
    steps
        Any of ``centre+rotate+flip+crop`` (`relearn.jets.jet_image`), joined by a plus or as a
        sequence; ``none`` for none. Without ``crop`` a picture has 96 × 96 pixels.
    subpixel
        Take the steps on the constituents, before there are pixels (1803.00107), and not on
        pixels (1701.08784).
    channels
        ``et``, or ``colours``: pT of charged, pT of neutral constituents, number of charged ones
        (1612.01551), which need the column ``charge``.
    normalise
        ``none``: GeV; ``sum``: the energies of each picture are divided by their sum.
    threshold
        GeV: a pixel of less energy, in all channels together, is dark. It may be changed at any
        time, also of a trained tagger. It is taken after the steps and before normalisation, as
        by the authors of DeepTop; rotation has then spread a pixel over up to four.
    """

    steps: str | Sequence[str] = "+".join(STEPS)
    subpixel: bool = False
    channels: str = "et"
    normalise: str = "none"
    threshold: float = 0.0

    def __post_init__(self):
        self.steps = _steps(self.steps)
        for name, known in (("channels", tuple(CHANNELS)), ("normalise", NORMALISATIONS)):
            if getattr(self, name) not in known:
                raise UserError(
                    f"images: {name} {getattr(self, name)!r}; there are {', '.join(known)}"
                )
        if not self.threshold >= 0:
            raise UserError(f"images: threshold {self.threshold} GeV is negative")

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns of the constituents that these pictures are drawn from."""
        return () if self.channels == "et" else ("charge",)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        side = PIXELS if "crop" in self.steps else WHOLE
        return len(CHANNELS[self.channels]), side, side

    def __call__(self, jets: Jets) -> Tensor:
        """Return pictures (B, channels, rows, columns), float32, on the jets' device.

        Raises
        ------
        UserError
            If the channels need the charge and the jets do not have it.
        """
        if missing := [name for name in self.needs if name not in jets.extra_names]:
            raise UserError(
                f"images with channels {self.channels!r} need the column {missing[0]!r}: "
                f"add it to `features:` of the scan"
            )
        images = jet_image(
            jets.p4.detach().cpu().numpy(),
            steps=self.steps,
            level="constituent" if self.subpixel else "pixel",
            channels=CHANNELS[self.channels],
            charge=jets.column("charge").detach().cpu().numpy() if self.needs else None,
        )
        return self._finish(torch.from_numpy(images).reshape(-1, *self.shape)).to(jets.device)

    def _finish(self, images: Tensor) -> Tensor:
        """Darken faint pixels and normalise, in place."""
        energies = images[:, :1] if self.channels == "et" else images[:, :2]
        if self.threshold > 0:
            images *= energies.sum(dim=1, keepdim=True) >= self.threshold
        if self.normalise == "sum":
            total = energies.sum(dim=(1, 2, 3), keepdim=True)
            energies /= torch.where(total > 0, total, 1.0)
        return images


def _steps(steps: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(steps, str):
        steps = [] if steps == "none" else steps.split("+")
    if unknown := [step for step in steps if step not in STEPS]:
        raise UserError(f"images: no step {unknown[0]!r}; there are {', '.join(STEPS)}, or none")
    return tuple(step for step in STEPS if step in steps)


PICTURE_OPTIONS = tuple(field.name for field in fields(Pictures))
OF_NO_MATTER = ("constituents", "features")  # what scans give every tagger


class ImageTagger(Tagger):
    """A network on pictures; its layers, by name, are in ``layers``, the last is ``output``.

    Parameters
    ----------
    pictures
        How jets become pictures.
    scale
        What the pixels are divided by, GeV, the same for all jets; ``fit``: in each channel the
        root mean square of the lit pixels of the training jets.
    """

    layers: nn.Sequential
    kept = ("conv", "dense", "stem", "stage")  # how layers are called whose values are shown

    def __init__(self, pictures: Pictures, scale: str | float = FIT):
        super().__init__()
        if scale != FIT and not (isinstance(scale, int | float) and scale > 0):
            raise UserError(f"images: scale {scale!r} is neither {FIT!r} nor a number above 0 GeV")
        self.pictures = pictures
        self.needs = pictures.needs
        self.scale = scale
        gain = 1.0 if scale == FIT else 1 / scale
        self.register_buffer("gain", torch.full((pictures.shape[0],), gain))

    @property
    def threshold(self) -> float:
        """GeV, below which a pixel is dark; may be set, also when the network is trained."""
        return self.pictures.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.pictures.threshold = value

    def prepare(self, jets: Jets) -> tuple[Tensor]:
        """Return the pictures (B, channels, rows, columns)."""
        return (self.pictures(jets),)

    def fit_scaling(self, images: Tensor) -> None:
        """Make the root mean square of the lit pixels 1 in each channel, if the scale is free."""
        if self.scale != FIT:
            return
        lit = images.count_nonzero(dim=(0, 2, 3))
        size = torch.linalg.vector_norm(images, dim=(0, 2, 3)) / lit.clamp(min=1).sqrt()
        self.gain.copy_(torch.where(size > 0, 1 / size, 1.0))

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs (B, outputs)."""
        return self.layers(self._scaled(images))

    def feature_maps(self, images: Tensor) -> dict[str, Tensor]:
        """Return what each layer makes of the pictures, after its activation.

        Returns
        -------
        dict
            From the first layer to the last: (B, maps, rows, columns) of convolutions, (B, nodes)
            of dense layers.
        """
        values, x = {}, self._scaled(images)
        for name, layer in self.layers.named_children():
            x = layer(x)
            if name.startswith(self.kept):
                values[name] = x
        return values

    def _scaled(self, images: Tensor) -> Tensor:
        return channels_last(images * self.gain[:, None, None])


def channels_last(images: Tensor) -> Tensor:
    """Return the same pictures with the channels of a pixel side by side in memory.

    On a CPU, convolutions of few channels train 1.6 times as fast so.
    """
    count, channels, rows, columns = images.shape
    if channels == 1:
        # either order is the same in memory; strides must say which, or torch takes the slow one
        return images.reshape(count, rows, columns, 1).permute(0, 3, 1, 2)
    return images.contiguous(memory_format=torch.channels_last)


def add_dense(
    network: nn.Sequential, nodes: int, hidden: Sequence[int], outputs: int, dropout: float = 0.0
) -> None:
    """Add ``dense1``, ``dense2``, … with ReLU, and ``output``, to layers that end in `nodes`."""
    for depth, count in enumerate(hidden, start=1):
        drop = [nn.Dropout(dropout)] if dropout > 0 else []
        layer = nn.Sequential(*drop, nn.Linear(nodes, count), nn.ReLU(inplace=True))
        network.add_module(f"dense{depth}", layer)
        nodes = count
    network.add_module("output", nn.Linear(nodes, outputs))


def glorot(network: nn.Module) -> None:
    """Draw weights as Keras does, in which the papers' networks were written; no biases."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def assemble(
    family: str,
    module: Callable[..., ImageTagger],
    layout: Sequence[str],
    sizes: Mapping[str, Mapping[str, Any]],
    size: str,
    given: Mapping[str, Any],
) -> ImageTagger:
    """Return an untrained network of a family's size: what the family's `build` does.

    Parameters
    ----------
    family
        Its name, for messages.
    module
        Takes `Pictures`, ``scale``, ``outputs``, and `layout` by name.
    layout
        Names of the options that say which layers there are.
    sizes, size
        Named options, and which of them.
    given
        Options of `Pictures` and `module` in place of the size's. ``constituents`` and
        ``features`` are of no matter: a picture is drawn from any number of constituents.

    Raises
    ------
    UserError
        If there is no such size or option.
    """
    given = {name: value for name, value in given.items() if name not in OF_NO_MATTER}
    values = options_of(family, sizes, size, given)
    check_options(family, values, (*PICTURE_OPTIONS, "scale", "outputs", *layout))
    pictures = Pictures(**{name: values.pop(name) for name in PICTURE_OPTIONS if name in values})
    return module(pictures, **values)
