"""CoLa + LoLa as one writes it first: all pairs of vectors, then products, sums and minima."""

import torch
from torch import Tensor, nn


class Plain(nn.Module):
    """The network of `relearn.models.lola` at its paper's size, on jets (B, N, 4) in 500 GeV."""

    def __init__(self, constituents: int, combinations: int = 15):
        super().__init__()
        vectors = 1 + constituents + combinations
        fixed = torch.cat([torch.ones(constituents, 1), torch.eye(constituents)], dim=1)
        self.register_buffer("fixed", fixed)
        self.register_buffer("metric", torch.tensor([1.0, -1.0, -1.0, -1.0]))
        self.trained = nn.Parameter(
            nn.init.xavier_uniform_(torch.empty(constituents, combinations))
        )
        limit = (3 / vectors) ** 0.5
        for name, copies in (("energy", 1), ("sums", 2), ("minima", 2)):
            weight = torch.empty(copies, vectors, vectors).uniform_(-limit, limit)
            self.register_parameter(name, nn.Parameter(weight))
        self.head = nn.Sequential(
            *(nn.Linear(7 * vectors, 100), nn.ReLU()),
            *(nn.Linear(100, 50), nn.ReLU()),
            nn.Linear(50, 2),
        )

    def forward(self, p4: Tensor) -> Tensor:
        """Return logits (B, 2)."""
        combine = torch.cat([self.fixed, self.trained], dim=1)
        k = torch.einsum("bic,ij->bjc", p4, combine)
        mass = (k**2 * self.metric).sum(dim=-1)
        pt = (k[..., 1] ** 2 + k[..., 2] ** 2 + 1e-24).sqrt()
        energy = k[..., 0] @ self.energy[0].T
        distance = ((k[:, :, None] - k[:, None]) ** 2 * self.metric).sum(dim=-1)
        sums = [(weight * distance).sum(dim=-1) for weight in self.sums]
        minima = [(weight * distance).min(dim=-1).values for weight in self.minima]
        return self.head(torch.stack([mass, pt, energy, *sums, *minima], dim=1).flatten(1))
