from hypothesis import settings

# A busy machine is no failure, and neither is an example that nobody can repeat.
settings.register_profile("relearn", deadline=None, derandomize=True)
settings.load_profile("relearn")
