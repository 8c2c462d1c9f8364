#!/bin/sh
# Builds the wheel, installs it without extras into a fresh environment outside of the checkout, and asks
# what a new user asks. Ends with 1 at the first answer that is not as it should be.
#
#   scripts/check_wheel.sh [PYTHON …]        default: python3.11 python3.12 python3.13, those that there are
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
unset PYTHONPATH
[ $# -gt 0 ] || set -- python3.11 python3.12 python3.13

if command -v uv > /dev/null; then
    uv build -q --wheel --out-dir "$work/dist" "$root"
else
    python3 -m pip wheel -q --no-deps -w "$work/dist" "$root"
fi
wheel=$(ls "$work"/dist/*.whl)

fail() { printf 'FAILED (%s): %s\n' "$python" "$1"; cat "$work/out" "$work/err"; exit 1; }

# ask CODE PATTERN COMMAND …: the command ends with the code, in words that match, and without a traceback
ask() {
    code=$1 pattern=$2
    shift 2
    found=0
    "$@" > "$work/out" 2> "$work/err" || found=$?
    [ "$found" -eq "$code" ] || fail "exit code $found, not $code: $*"
    grep -qE -- "$pattern" "$work/out" "$work/err" || fail "nothing matches '$pattern': $*"
    ! grep -q Traceback "$work/err" || fail "a traceback: $*"
}

for python in "$@"; do
    command -v "$python" > /dev/null || { echo "$python: not here"; continue; }
    env="$work/env-$(basename "$python")-$$"
    rm -rf "$env"
    if command -v uv > /dev/null; then
        uv venv -q --python "$(command -v "$python")" "$env"
        uv pip install -q --python "$env/bin/python" "$wheel"
    else
        "$python" -m venv "$env"
        "$env/bin/python" -m pip install -q --no-compile "$wheel"
    fi
    cd "$work"
    lab="$env/bin/singlab"
    ask 0 '^singlab [0-9]' "$lab" --version
    ask 0 'lambda = 5/12, m = 1 for' "$lab" rlct 'x^2-y^3'
    "$lab" rlct 'x^2-y^3' --json > answer.json
    ask 0 'proved: \(lambda, m\) = \(5/12, 1\)' "$lab" verify answer.json
    ask 0 'lambda = 5/12' "$lab" explain 'x^2-y^3'
    ask 0 'anneal' "$lab" devices
    ask 0 'nc-1-1' "$lab" catalog list --family normal_crossing
    ask 0 'lambda' "$lab" catalog show nc-1-1
    ask 0 '[0-9]' "$lab" catalog check
    ask 0 'dim|J_' "$lab" jets 'x^2-y^3'
    ask 0 'topological' "$lab" zeta 'x^2-y^3'
    ask 0 'A_2|A2' "$lab" singularity 'x^2-y^3'
    ask 0 'lambda' "$lab" program rlct detectA-mini --steps 2
    ask 2 "torch is needed.*pip install 'singularity-lab\[.*torch|torch.*singularity-lab\[torch" \
        "$lab" calibrate --device hessian --rows nc-1-1 --out calibration
    [ ! -e calibration ] || fail "calibrate left a folder behind"
    ask 2 'torch' "$lab" measure hessian 'x^2'
    ask 1 "matplotlib.*singularity-lab\[report\]|singularity-lab\[report\]" \
        "$env/bin/python" -W error -c 'import singularity_lab, sys
try:
    singularity_lab.rlct("x^2-y^3").plot()
except ImportError as error:
    print(error); sys.exit(1)'
    ask 0 'ok' "$env/bin/python" -W error -c 'import singularity_lab as s
assert s.rlct("x*y").multiplicity == 2; print("ok")'
    printf '%s: %s\n' "$("$env/bin/python" -V)" "all answers as they should be"
done
