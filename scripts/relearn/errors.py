"""The one error that a user can cure; everything else is a bug and keeps its traceback."""


class UserError(Exception):
    """A mistake in the input: the message names the file, the key and the cure."""
