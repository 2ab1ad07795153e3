#!/usr/bin/env bash
# One step from a clean clone to a working .venv: system packages, virtual environment,
# locked dependencies, this project. The second run is instant.
#
# Uses `uv` when it is there, `venv` and `pip` otherwise; both read requirements.lock and
# demand its hashes. On Debian as root it installs missing system packages itself and says
# so; otherwise it names them in one sentence and ends with status 1.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

have_library() { { PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true; } | grep -qF "$1"; }

# The Debian packages that are missing on this machine, one per line.
missing_packages() {
    local python=$1
    # OpenCV's wheel leaves these two to the system.
    have_library libGL.so.1 || echo libgl1
    have_library libgthread-2.0.so.0 || echo "$glib"
    # evdev (under pynput) comes as source only.
    command -v cc >/dev/null 2>&1 || echo build-essential
    [ -e /usr/include/linux/input.h ] || echo linux-libc-dev
    if [ -n "$python" ]; then
        "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || echo python3-dev
        command -v uv >/dev/null 2>&1 ||
            "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    else
        printf '%s\n' python3-dev python3-venv
    fi
}

install_packages() {
    local python=$1 glib=libglib2.0-0 missing output
    # Debian 13 and Ubuntu 24.04 renamed it with their 64-bit time.
    if [ -r /etc/os-release ] && (
        . /etc/os-release
        case ${ID-}:${VERSION_ID-} in debian:1[3-9]* | ubuntu:2[4-9]*) exit 0 ;; *) exit 1 ;; esac
    ); then
        glib=libglib2.0-0t64
    fi
    missing=$(missing_packages "$python" | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing the system packages that are missing: $missing"
        # shellcheck disable=SC2086 # a list of package names
        output=$({ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
            -o Dpkg::Use-Pty=0 --no-install-recommends $missing; } 2>&1) ||
            fail "apt-get could not install $missing:"$'\n'"$output"
    elif command -v apt-get >/dev/null 2>&1; then
        fail "system packages are missing; install them with: sudo apt install $missing"
    else
        fail "system packages are missing; install what Debian calls: $missing"
    fi
}

[ "$(uname -s)" = Linux ] || fail "Exam Kiosk runs on Linux; this is $(uname -s)."

stamp=.venv/.setup
# What was installed: the lock, the project's metadata, and where this checkout lies.
wanted=$({ cat requirements.lock pyproject.toml tools/setup.sh; pwd; } | sha256sum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

python=$(find_python) || python=
install_packages "$python"
python=$(find_python) ||
    fail "Python 3.11 or newer is needed; this machine has $(python3 --version 2>&1 || echo none)."

rm -f "$stamp"
if command -v uv >/dev/null 2>&1; then
    say "making .venv with uv and $("$python" --version)"
    uv venv -q --allow-existing --python "$python" .venv
    export VIRTUAL_ENV=$PWD/.venv
    uv pip sync -q --require-hashes requirements.lock
    uv pip install -q --no-deps --no-build-isolation -e .
else
    say "making .venv with $("$python" --version) and pip; this takes a minute"
    [ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
    # The lock is complete. Resolving it anew would fail under --require-hashes as soon as a
    # newer release of a package that is wanted with an extra (coverage[toml]) comes out.
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
        -r requirements.lock
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps \
        --no-build-isolation -e .
fi
printf '%s\n' "$wanted" >"$stamp"
say "ready"
