"""relearn: how easily can neural networks learn relativity?"""

__version__ = "0.1.0"
