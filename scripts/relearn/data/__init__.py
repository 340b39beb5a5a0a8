"""Event files and toys → datasets of fixed shape."""
