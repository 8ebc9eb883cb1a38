# shellcheck shell=bash
# Sourced by the scripts beside it: makes the project's own Python environment when it is missing, and renews it when a
# pyproject.toml or the list of tools changed. Needs nothing but Python 3.11 or newer with venv and pip.
#
# Sets ROOT (the repository) and VENV (the environment). JACKFIELD_PYTHON names the Python to use;
# JACKFIELD_VENV another place for the environment.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="${JACKFIELD_VENV:-$ROOT/.venv}"
PYTHON="$VENV/bin/python"

say() {
    printf '%s\n' "$*" >&2
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Print the first Python that is new enough and can make environments; else say what is missing and fail.
find_python() {
    local candidate seen="" without_venv=""
    for candidate in ${JACKFIELD_PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if ! is_new_enough "$candidate"; then
            seen="$seen $candidate ($("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo 'does not run'))"
        elif ! "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            without_venv="$without_venv $candidate"
        else
            printf '%s\n' "$candidate"
            return
        fi
    done
    if [ -n "$without_venv" ]; then
        say "jackfield: the modules venv and ensurepip are missing from:$without_venv"
        say "On Debian and Ubuntu, install them with: sudo apt-get install python3-venv"
    else
        say "jackfield needs Python 3.11 or newer. Found:${seen:- none}"
        say "Install one, or name it: JACKFIELD_PYTHON=/path/to/python3.11 scripts/run"
    fi
    return 1
}

# Run a command silently; if it fails, show all it said and fail.
quietly() {
    local log status=0
    log="$(mktemp)"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        cat "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# Print what the environment depends on: where it is, for which Python, and every file that lists requirements.
fingerprint() {
    local file
    {
        printf '%s\n' "$ROOT" "$VENV"
        "$PYTHON" -V
        for file in "$ROOT"/requirements-dev.txt "$ROOT"/core/pyproject.toml "$ROOT"/plugins/*/pyproject.toml; do
            printf '%s\n' "$file"
            cat "$file"
        done
    } | cksum
}

make_venv() {
    local python
    is_new_enough "$PYTHON" && return
    python="$(find_python)" || return 1
    say "jackfield: making the environment $VENV ..."
    if ! quietly "$python" -m venv --clear "$VENV"; then
        say "jackfield: $python could not make the environment; what it said is above"
        return 1
    fi
}

# prepare run: the core and every plugin, editable. prepare dev: the tools as well.
prepare() {
    local kind="$1" stamp="$VENV/.jackfield-$1" current plugin
    make_venv || return 1
    current="$(fingerprint)"
    for stamp in "$VENV/.jackfield-dev" "$stamp"; do
        [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$current" ] && return
    done
    say "jackfield: installing what is needed for '$kind' ..."
    if [ "$kind" = dev ]; then
        set -- -r requirements-dev.txt
    else
        set -- -e ./core
        for plugin in "$ROOT"/plugins/*/pyproject.toml; do
            set -- "$@" -e "./plugins/$(basename "$(dirname "$plugin")")"
        done
    fi
    if ! (cd "$ROOT" && quietly "$PYTHON" -m pip install --disable-pip-version-check "$@"); then
        say "jackfield: pip could not install what is needed; what it said is above"
        return 1
    fi
    printf '%s\n' "$current" >"$stamp"
}
