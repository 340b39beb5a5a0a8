"""Cards → Pythia → detector → event files."""
