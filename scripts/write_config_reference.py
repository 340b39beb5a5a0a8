"""The typed config → workflow/schemas/config.schema.json and config/README.md."""

from pathlib import Path

from relearn.cli import main_guard
from relearn.configdocs import reference, schema
from relearn.files import atomic

ROOT = Path(__file__).resolve().parent.parent


def main():
    for name, text in (
        ("workflow/schemas/config.schema.json", schema()),
        ("config/README.md", reference()),
    ):
        with atomic(ROOT / name) as path:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main_guard(main)
