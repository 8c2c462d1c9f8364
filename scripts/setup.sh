#!/bin/sh
# Creates .venv in the current folder (the repository root) where it is absent and installs the package
# into it, editable.   usage: sh scripts/setup.sh EXTRAS        (EXTRAS: comma-separated, "all,dev")
#
# uv does the work, itself installed into .venv; SINGLAB_PIP=1, or a failure of uv, leaves it to pip.
# PYTHON names the interpreter to start from; without it, the first suitable one found is taken.
set -eu
extras=$1
py=.venv/bin/python

suitable() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if ! suitable "$py"; then
    base=
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3 \
        /usr/local/bin/python3.11 /usr/bin/python3.11; do
        if suitable "$candidate"; then base=$candidate && break; fi
    done
    if [ -z "$base" ]; then
        echo "setup: no Python >= 3.11 with venv and ensurepip was found (set PYTHON=…;" \
            "on Debian and Ubuntu the package python3-venv completes the system's Python)" >&2
        exit 1
    fi
    echo "setup: creating .venv with $("$base" --version)"
    "$base" -m venv --clear .venv
fi

pip() { "$py" -m pip --disable-pip-version-check --quiet "$@"; }

# A setting of pip from any of its configuration files (`pip config get` looks into one of them only).
pip_setting() {
    "$py" -m pip config list | sed -nE "s/^(global|install)\.$1='(.*)'\$/\2/p" | sed 's/\\n/ /g'
}

# uv does not read pip's configuration: hand it the local wheels, the index and the certificates.
use_uv() {
    [ -z "${SINGLAB_PIP:-}" ] || return 1
    "$py" -m uv --version >/dev/null 2>&1 || pip install uv || return 1
    if [ -z "${UV_FIND_LINKS:-}" ]; then
        for place in ${PIP_FIND_LINKS:-$(pip_setting find-links)}; do
            case $place in
            *://*) ;;
            *) [ -e "$place" ] || continue ;;
            esac
            UV_FIND_LINKS=${UV_FIND_LINKS:+$UV_FIND_LINKS,}$place
        done
        [ -z "${UV_FIND_LINKS:-}" ] || export UV_FIND_LINKS
    fi
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        index=${PIP_INDEX_URL:-$(pip_setting index-url)}
        [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
    fi
    if [ -n "${PIP_EXTRA_INDEX_URL:-}" ] && [ -z "${UV_INDEX:-}" ]; then
        # Like pip, take the best version over all indexes.
        export UV_INDEX="$PIP_EXTRA_INDEX_URL" UV_INDEX_STRATEGY=unsafe-best-match
    fi
    if [ -z "${SSL_CERT_FILE:-}" ]; then
        cert=${PIP_CERT:-$(pip_setting cert)}
        [ -z "$cert" ] || export SSL_CERT_FILE="$cert"
    fi
}

if use_uv; then
    install() {
        "$py" -m uv pip install --quiet --python "$py" "$@" || {
            echo "setup: uv could not install; trying with pip" >&2
            pip install "$@"
        }
    }
else
    install() { pip install "$@"; }
fi

echo "setup: installing singularity-lab[$extras]"
install -c constraints.txt -e ".[$extras]"

case ,$extras, in
*,all,*)
    if ! install --no-deps -r requirements-cas.txt; then
        echo "setup: the optional computer algebra binary of Singular is absent:" \
            "tests marked 'oracle' will skip, and some questions take a slower route" >&2
    fi
    ;;
esac
echo "setup: done"
