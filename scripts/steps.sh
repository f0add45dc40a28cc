# shellcheck shell=bash
# Steps that setup.sh, scripts/bundle and scripts/test share. Each does nothing where its work is done already, so that
# a run that was interrupted goes on from there. Sourced from the project's folder.

dry_run=${dry_run-} # not empty: say what would be changed, and change nothing
bundle=${bundle-}   # not empty: a folder made by scripts/bundle, from which everything comes instead of the network

say() { printf '%s\n' "$*"; }

die() { # WHAT FAILED, WHAT TO DO
    printf '%s failed: %s\n  what to do: %s\n' "${0##*/}" "$1" "$2" >&2
    exit 1
}

change() { # WHAT, COMMAND...: says it and does it; in a dry run only says it
    say "  $1"
    shift
    if [ -z "$dry_run" ]; then "$@"; fi
}

platform() { # prints what a bundle must have been made on to serve here
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "${VERSION_CODENAME:-$ID} $(uname -m)")
}

need_64_bit() {
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) die "this is a $(uname -m) system" "install the 64-bit edition of Debian or Raspberry Pi OS" ;;
    esac
}

running_packages() { # prints the Debian packages without which it does not run
    echo python3 python3-venv libportaudio2 libspeexdsp1 libgomp1
    [ "$(uname -m)" != aarch64 ] || echo libatomic1 # which Vosk needs there
}

building_packages() { echo g++ cmake ninja-build patch; }

device_packages() { # what it needs besides, where it is installed as a service
    echo dbus polkitd # spoken shutdown: polkit lets the user assistant ask logind for it
}

as_root() { # COMMAND
    local sudo=(sudo)
    # Without a terminal nobody can type a password, so sudo is told not to ask.
    [ -t 0 ] || sudo+=(--non-interactive)
    if [ "$(id -u)" -eq 0 ]; then sudo=(); elif ! command -v sudo >/dev/null; then die "this needs root" "as root: $*"; fi
    "${sudo[@]}" "$@"
}

apt_get() { # ARGUMENTS: as root, from the bundle if there is one
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
    if [ -n "$bundle" ]; then
        apt+=(-o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$scratch/lists"
            -o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= -o APT::Sandbox::User=root)
        echo "deb [trusted=yes] file:$scratch/bundle/apt ./" >"$scratch/sources.list"
        mkdir -p "$scratch/lists/partial"
    fi
    as_root env DEBIAN_FRONTEND=noninteractive "${apt[@]}" "$@"
}

missing_packages() { # DEBIAN PACKAGES: prints those that are not installed
    local package
    for package in "$@"; do
        [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
    done
}

need_packages() { # DEBIAN PACKAGES: installs those that are missing
    local missing
    command -v dpkg-query >/dev/null || die "this is not Debian or Raspberry Pi OS" "install by hand: $*"
    read -ra missing <<<"$(missing_packages "$@")"
    [ ${#missing[@]} -eq 0 ] && return
    change "installing Debian packages: ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() {
    # A run that was interrupted may have left packages unpacked and not set up, which apt does not mend by itself.
    if ! { as_root dpkg --configure -a && apt_get update && apt_get install -y --no-install-recommends "$@"; } >/dev/null; then
        die "apt-get could not install $*" "see the message above, then run this again"
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

use_bundle() { # FOLDER: checks it, and lets pip, apt and build-llama take everything from it
    bundle=$(cd "$1" 2>/dev/null && pwd) || die "there is no folder $1" "make it with scripts/bundle on a machine like this one"
    [ -f "$bundle/platform" ] || die "$bundle was not made by scripts/bundle" "name the folder that it made"
    [ "$(cat "$bundle/platform")" = "$(platform)" ] ||
        die "$bundle is for $(cat "$bundle/platform"), and this is $(platform)" "make one on a machine like this one"
    (cd "$bundle" && sha256sum --check --quiet SHA256SUMS) || die "$bundle is damaged" "copy it here again"
    # Under a name without spaces, which neither apt nor pip could do with.
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    ln -s "$bundle" "$scratch/bundle"
    export PIP_NO_INDEX=1 PIP_FIND_LINKS=$scratch/bundle/wheels PIP_CONFIG_FILE=/dev/null
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/assistant/llama
    if [ -z "$dry_run" ]; then
        mkdir -p "$cache"
        cp -ru "$bundle/llama/." "$cache/"
    fi
}

pip_install() { # VENV, ARGUMENTS: with pip's own progress on a terminal, and one line a download elsewhere
    local install=("$1/bin/python" -m pip install --disable-pip-version-check --constraint constraints.txt)
    shift
    if [ -t 1 ]; then
        "${install[@]}" "$@"
    else
        "${install[@]}" --progress-bar off "$@" | sed -n '/^ *Downloading .*(.*)/p; /^Successfully/p'
    fi
}

new_venv() { # FOLDER, OPTIONS OF VENV
    local folder=$1 python
    shift
    python=$(find_python)
    say "  making $folder with $("$python" --version)"
    rm -rf "$folder"
    "$python" -m venv "$@" "$folder" || die "making $folder" "see the message above"
    # Debian 12's own pip shows no progress while it fetches the models that come in Python packages.
    pip_install "$folder" --upgrade pip || die "fetching pip" "check the network and run this again"
}

llama_wheel() { # PYTHON: prints the path of the wheel of llama.cpp for this CPU
    if ! scripts/build-llama --cached; then
        # shellcheck disable=SC2046  # words
        need_packages $(building_packages) >&2
        scripts/build-llama "$1" || exit 1
    fi
}

make_venv() { # EXTRAS ("" or "[test]"): .venv with the project, its pinned dependencies and llama-cpp-python for this CPU
    local extras=$1 python wheel wanted
    need_64_bit
    # shellcheck disable=SC2046  # words
    need_packages $(running_packages | sed 's/ python3-venv//')
    python=$(find_python)
    "$python" -c 'import ensurepip' 2>/dev/null || need_packages python3-venv
    # A .venv from which the Python vanished (an upgrade of the system) is made anew.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || new_venv .venv
    wheel=$(llama_wheel .venv/bin/python) || exit 1
    wanted=$(cat pyproject.toml constraints.txt; echo "$wheel $extras $PWD")
    if [ "$wanted" != "$(cat .venv/installed 2>/dev/null)" ]; then
        say "  installing Python packages (once some 150 MB)"
        pip_install .venv "$wheel" -e ".$extras" ||
            die "installing Python packages" "check the network and run this again: it goes on from there"
        printf '%s\n' "$wanted" >.venv/installed
    fi
}
