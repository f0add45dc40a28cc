# shellcheck shell=bash
# Releases: /opt/assistant/releases/VERSION-HASH holds the program in an environment of its own, and the file `complete`
# once nothing of it is missing. Sourced from the project's folder, after steps.sh.

root=${root-} # before every path of the system
opt=$root/opt/assistant
etc=$root/etc/assistant
state=$root/var/lib/assistant
cache=$root/var/cache/assistant
carried=(setup.sh scripts systemd config.yaml docs README.md CHANGELOG.md LICENSE) # what is needed later but the program

release_name() { # prints VERSION-HASH; the hash is of all that shapes it
    local version python
    version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' assistant/__init__.py)
    python=$("$(find_python)" --version)
    {
        find assistant pyproject.toml constraints.txt "${carried[@]}" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum
        echo "$python" "$(scripts/build-llama --key)" "$(has_lgpio && echo lgpio)"
    } | sha256sum | cut -c1-12 | sed "s/^/$version-/"
}

has_lgpio() { # whether the system's Python has it; Raspberry Pi OS packages one that works, and PyPI lacks it
    "$(find_python)" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("lgpio") is None)'
}

is_complete() { [ -f "$opt/releases/$1/complete" ]; } # RELEASE

make_release() { # RELEASE
    local home=$opt/releases/$1 wheel options=()
    # What was interrupted is made anew: pip does not see that a package was copied by half. What it fetched is kept.
    rm -rf "$home"
    mkdir -p "$home" "$cache/tmp"
    local -x PIP_CACHE_DIR=$cache/pip TMPDIR=$cache/tmp # /tmp may have too little room
    cp -r "${carried[@]}" "$home/"
    if has_lgpio; then options=(--system-site-packages); fi
    new_venv "$home/venv" "${options[@]}"
    wheel=$(llama_wheel "$home/venv/bin/python") || exit 1
    say "  installing Python packages (once some 150 MB)"
    pip_install "$home/venv" "$wheel" . ||
        die "installing Python packages" "check the network and run this again: it goes on from there"
    rm -rf "$cache/tmp"
    sync -f "$home"
    touch "$home/complete"
}

tidy_releases() { # RELEASES TO KEEP: removes all others
    local home keep
    for home in "$opt"/releases/*/; do
        home=${home%/}
        for keep in "$@"; do [ "${home##*/}" != "$keep" ] || continue 2; done
        [ ! -d "$home" ] || change "removing the release ${home##*/}" rm -rf "$home"
    done
}
