"""ParticleNet of its authors, in weaver-core."""

from torch import Tensor

from relearn.errors import UserError

PAPER = ((16, (64,) * 3), (16, (128,) * 3), (16, (256,) * 3))


def network(outputs: int = 2):
    """Return ParticleNet of the paper's size with 7 features.

    Raises
    ------
    UserError
        If weaver-core is not installed.
    """
    try:
        from weaver.nn.model.ParticleNet import ParticleNet
    except ModuleNotFoundError as error:
        raise UserError(
            f"the peer weaver-core needs {error.name}, which is not installed here: `make bench` "
            "makes an environment with all peers, .venv-bench, and runs in it"
        ) from None
    return ParticleNet(
        input_dims=7,
        num_classes=outputs,
        conv_params=list(PAPER),
        fc_params=[(256, 0.1)],
        use_fusion=False,
        use_fts_bn=True,
        use_counts=True,
    )


def inputs(values: Tensor, mask: Tensor, near: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return its points (B, 2, N), features (B, 7, N) and mask (B, 1, N) from ours."""
    features = values.transpose(1, 2).contiguous()
    return features[:, :2].contiguous(), features, mask[:, None].float()
