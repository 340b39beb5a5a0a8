"""A conda that installs nothing, and notes what it is asked for.

An environment that it makes has one program, `python`: it notes the script that it is given and
writes empty files where the script would write its results.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from relearn.plan import TAGGER_FILES

CONDA = r"""#!/bin/sh
# As far as Snakemake and envs/pin.sh ask.
own=OWN
echo "$*" >> "$own/calls"
while [ $# -gt 0 ]; do
  case $1 in
    --version) echo "conda 24.7.1"; exit ;;
    info) echo "{\"conda_prefix\": \"$own\", \"platform\": \"linux-64\"}"; exit ;;
    config) echo '{"get": {"channel_priority": "strict"}}'; exit ;;
    clean) exit ;;
    search) test ! -e "$own/offline"; exit ;;
    list) list=yes ;;
    --prefix) prefix=$2 ;;
    --file) file=$2 ;;
  esac
  shift
done
if [ "$list" ]; then
  cat "$prefix/explicit"
else
  test ! -e "$own/unsolvable" || { echo "nothing provides what is asked for" >&2; exit 1; }
  mkdir -p "$prefix/bin"
  cp "$own/python" "$prefix/bin/python"
  { echo "# platform: linux-64"; echo "@EXPLICIT"
    sed -n 's|^  - \([^ ]*\) =\(.*\)$|https://host/\1-\2-h0_0.conda#01|p' "$file"
  } > "$prefix/explicit"
fi
"""
PYTHON = r"""#!/bin/sh
own=OWN
echo "$CONDA_PREFIX $(basename "$1" .py)" >> "$own/jobs"
for word in "$@"; do
  case $word in
    --output | --pdf | --png) writes=yes ;;
    --*) writes= ;;
    */*.*) [ -z "$writes" ] || : > "$word" ;;
    *) [ -z "$writes" ] || for name in MODELS; do mkdir -p "$word"; : > "$word/$name"; done ;;
  esac
done
"""
ACTIVATE = 'export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n'


@dataclass(frozen=True)
class StubConda:
    """Where it is, and what it has noted."""

    folder: Path

    @property
    def path(self) -> str:
        """The PATH with this conda in front."""
        return f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def calls(self) -> list[str]:
        """The arguments of each call."""
        return _lines(self.folder / "calls")

    def jobs(self) -> set[tuple[str, str]]:
        """(script, environment) of what ran; an environment is known by the copy of its file."""
        found = set()
        for line in _lines(self.folder / "jobs"):
            prefix, script = line.rsplit(" ", 1)
            file = next(filter(Path.is_file, map(Path, (f"{prefix}.yaml", f"{prefix}.pin.txt"))))
            found.add((script, file.read_text()))
        return found


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def install(folder: Path) -> StubConda:
    """Put it into a folder."""
    (folder / "bin").mkdir(parents=True)
    for name, text in (("bin/conda", CONDA), ("python", PYTHON), ("bin/activate", ACTIVATE)):
        path = folder / name
        path.write_text(text.replace("OWN", str(folder)).replace("MODELS", " ".join(TAGGER_FILES)))
        path.chmod(0o755)
    return StubConda(folder)
