"""What is allowed in a config, but seldom meant: said before the first job."""

from pathlib import Path

from relearn import plan
from relearn.config import Config
from relearn.configdata import Tagging
from relearn.errors import UserError
from relearn.files import own_or_shipped
from relearn.generate.pythia import settings_of

ON = ("on", "yes", "true", "ok", "1")  # Pythia's ways of saying it


def advice(config: Config, root: Path) -> list[str]:
    """Return a line for each choice that deserves a second look.

    A dataset that calls all jets of tops' events signal, however far from a top they are, is one:
    a leading jet may well be radiation. Nothing is said of cards that cannot be read: others do.
    """
    lines = []
    for name in plan.used_datasets(config):
        wanted = config.datasets[name]
        if not isinstance(wanted, Tagging):
            continue
        sample = config.samples[wanted.signal]
        found = tops(own_or_shipped(sample.card, root))
        if sample.jets and sample.jets.match is None and found:
            lines.append(
                f"datasets.{name}: all jets of {wanted.signal} are called signal, also those that "
                f"no top is near: its card makes tops ({found[0]}), and samples.{wanted.signal}."
                "jets.match is null. Set it to a ΔR (1.2 in the talks), unless this is meant"
            )
    return lines


def tops(card: Path) -> list[str]:
    """Return the settings of a Pythia card that make top quarks: ``Top:… = on``."""
    try:
        settings = [line for _, line in settings_of(card)]
    except UserError:
        return []
    found = []
    for setting in settings:
        key, *value = setting.replace("=", " ").split()
        if key.lower().startswith("top:") and value and value[0].lower() in ON:
            found.append(setting)
    return found
