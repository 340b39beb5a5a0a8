"""Jets in memory, as taggers take them: tensors on one device."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Jets:
    """Jets of one kind, with what is known of them.

    Attributes
    ----------
    p4
        (B, N, 4) float32: E, px, py, pz in GeV, the hardest first, zeros behind the last.
    extra
        (B, N, F) float32: more about each constituent, zeros behind the last; F may be 0.
    extra_names
        Names of those F columns, such as ``charge`` or ``d0_smeared``.
    observables
        (B, K) float32, as ``observable_names`` say; K may be 0.
    observable_names
        Names of those K columns.
    radius
        R of the jets.
    label, weight
        (B,) float32: 1 signal, 0 background; the generator's weight.
    """

    p4: Tensor
    extra: Tensor
    extra_names: tuple[str, ...]
    observables: Tensor
    observable_names: tuple[str, ...]
    radius: float
    label: Tensor
    weight: Tensor

    def __len__(self) -> int:
        return len(self.p4)

    @property
    def mask(self) -> Tensor:
        """(B, N) bool: where there is a constituent."""
        return self.p4[..., 0] > 0

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.p4.device

    @property
    def nbytes(self) -> int:
        """What the tensors take."""
        return sum(value.nbytes for value in self._tensors().values())

    def to(self, device: torch.device | str) -> "Jets":
        """Return the jets on another device."""
        return replace(self, **{name: value.to(device) for name, value in self._tensors().items()})

    def rows(self, index: slice | Tensor | Sequence[int]) -> "Jets":
        """Return some of the jets, by slice, index (B',) or mask (B,)."""
        return replace(self, **{name: value[index] for name, value in self._tensors().items()})

    def hardest(self, count: int) -> "Jets":
        """Return the jets with their `count` constituents of highest pT only."""
        return replace(self, p4=self.p4[:, :count], extra=self.extra[:, :count])

    def column(self, name: str) -> Tensor:
        """Return an extra column (B, N) or an observable (B,) by name.

        Raises
        ------
        KeyError
            If the jets do not have it.
        """
        if name in self.extra_names:
            return self.extra[..., self.extra_names.index(name)]
        if name in self.observable_names:
            return self.observables[:, self.observable_names.index(name)]
        raise KeyError(name)

    def _tensors(self) -> dict[str, Tensor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
