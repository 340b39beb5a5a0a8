# Where files of this repository are, from any working directory.


def shipped(path):
    """A file of this repository, or the user's own beside the working directory."""
    return path if Path(path).exists() else os.path.relpath(ROOT / path)
