#!/bin/sh
# envs/<name>.yaml → envs/<name>.linux-64.pin.txt, which `--sdm conda` then installs: see --help.
set -eu
cd "$(dirname "$0")"

usage="usage: envs/pin.sh [generate jets train plot delphes]

Solves the conda environments of the rules, all of them or those that are named, and writes the
URL and the checksum of each package to envs/<name>.linux-64.pin.txt. Snakemake then installs
exactly these, without solving; without the file it solves envs/<name>.yaml.

The pins are not in the repository: where it was written, no conda channel could be reached, so
that neither the environments nor this script have ever met a real one. Look at what it writes.

Needs conda, the network, and room for the packages (some 10 GB, in \$TMPDIR).
CONDA=mamba envs/pin.sh             another program that takes conda's arguments
CONDA_OVERRIDE_CUDA=12.8 envs/pin.sh train    PyTorch for GPUs, on a machine without one
"

say() {
    echo "envs/pin.sh: $*" >&2
}

for name in "$@"; do
    case $name in
    -h | --help)
        printf '%s' "$usage"
        exit
        ;;
    esac
    if [ ! -f "$name.yaml" ]; then
        say "there is no envs/$name.yaml; there are $(echo *.yaml)"
        exit 2
    fi
done
[ $# -gt 0 ] || set -- generate jets train plot delphes

CONDA=${CONDA:-conda}
if ! command -v "$CONDA" >/dev/null; then
    say "no $CONDA on the PATH: install conda (Miniforge is enough), or set CONDA=…"
    exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder" ./*.pin.txt.part' EXIT
trap 'exit 1' HUP INT TERM
export CONDA_SUBDIR=linux-64 # for clusters, also where this is a Mac
# Pythia and FastJet are there in faster builds for newer processors, with other last digits. All
# nodes, old ones too, are to run the same.
export CONDA_OVERRIDE_ARCHSPEC="${CONDA_OVERRIDE_ARCHSPEC:-x86_64}"

if ! "$CONDA" search --override-channels --channel conda-forge delphes >"$folder/log" 2>&1; then
    cat "$folder/log" >&2
    say "the channel conda-forge cannot be reached (above, what $CONDA says); nothing is written"
    exit 1
fi

for name in "$@"; do
    say "$name …"
    if ! "$CONDA" env create --quiet --file "$name.yaml" --prefix "$folder/$name" \
        >"$folder/log" 2>&1; then
        cat "$folder/log" >&2
        say "envs/$name.yaml cannot be solved (above, what $CONDA says); its pin is as it was"
        exit 1
    fi
    "$CONDA" list --explicit --md5 --prefix "$folder/$name" >"$folder/pin"
    if ! grep -q '^@EXPLICIT$' "$folder/pin"; then
        say "\`$CONDA list --explicit\` gave no list of packages for $name; its pin is as it was"
        exit 1
    fi
    rm -rf "${folder:?}/$name"
    cp "$folder/pin" "$name.linux-64.pin.txt.part"
    mv "$name.linux-64.pin.txt.part" "$name.linux-64.pin.txt"
    say "envs/$name.linux-64.pin.txt"
done
