"""What one writes first: each network by itself, in a loop."""

import torch
from torch import nn

from peers import Epoch, Task


def plain(task: Task) -> Epoch:
    """``nn.Sequential`` and ``torch.optim.Adam``, as they come."""
    return _loop(task)


def fused(task: Task) -> Epoch:
    """The same with Adam's fused kernel, which PyTorch does not choose by itself on a CPU."""
    return _loop(task, fused=True)


def _network(task: Task, hidden: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = task.inputs
    for nodes in hidden:
        layers += [nn.Linear(before, nodes), nn.LeakyReLU(task.slope)]
        layers += [nn.Dropout(task.dropout)] if task.dropout else []
        before = nodes
    return nn.Sequential(*layers, nn.Linear(before, 1))


def _loop(task: Task, **options: bool) -> Epoch:
    networks = [_network(task, hidden) for hidden in task.hidden for _ in range(task.trials)]
    optimisers = [
        torch.optim.Adam(n.parameters(), lr=task.learning_rate, eps=task.epsilon, **options)
        for n in networks
    ]
    inputs, targets = torch.randn(task.events, task.inputs), torch.randn(task.events, 1)
    loss_function = nn.MSELoss()

    def epoch() -> int:
        for network, optimiser in zip(networks, optimisers, strict=True):
            for index in torch.randperm(task.events).split(task.batch_size):
                optimiser.zero_grad()
                loss_function(network(inputs[index]), targets[index]).backward()
                optimiser.step()
        return task.networks * task.steps

    return epoch
