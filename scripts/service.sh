# shellcheck shell=bash
# The service: its files in the system, which release it runs, and the way back where that one does not become ready.
# Sourced after release.sh.

units=$root/etc/systemd/system
rules=$root/etc/polkit-1/rules.d/50-assistant.rules
program=$root/usr/local/bin/assistant

has_systemd() { [ -d "$root/run/systemd/system" ]; } # whether it runs here; it does not where an image is being made

current_release() { # prints the one that $1 (current or previous) leads to
    local home
    home=$(readlink "$opt/$1") || return 0
    echo "${home##*/}"
}

place() { # FILE, TARGET, MODE: whole or not at all
    cmp -s "$1" "$2" && return
    change "writing $2" place_now "$@"
}

place_now() {
    install -D -m "$3" "$1" "$2.new"
    mv -f "$2.new" "$2"
}

place_files() { # HOME OF A RELEASE: the system gets its files
    place "$1/systemd/assistant.service" "$units/assistant.service" 644
    place "$1/systemd/assistant-models@.service" "$units/assistant-models@.service" 644
    place "$1/systemd/50-assistant.rules" "$rules" 644
    place "$1/config.yaml" "$etc/config.yaml.template" 644
    if [ "$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')" -ge 254 ]; then
        place "$1/systemd/back-off.conf" "$units/assistant.service.d/back-off.conf" 644
    fi
    point "$opt/current/venv/bin/assistant" "$program"
}

point() { # TARGET, LINK: by one rename
    [ "$(readlink "$2")" = "$1" ] && return
    change "pointing $2 to $1" point_now "$@"
}

point_now() {
    mkdir -p "$(dirname "$2")"
    ln -sfn "$1" "$2.new"
    mv -fT "$2.new" "$2"
}

runs() { # RELEASE: whether the service is ready, and this is what it runs
    local pid
    systemctl --quiet is-active assistant.service || return 1
    pid=$(systemctl show --property MainPID --value assistant.service)
    grep -q "/releases/$1/" "/proc/$pid/cmdline" 2>/dev/null
}

use_release() { # RELEASE: for all that is started from now on
    place_files "$opt/releases/$1"
    point "releases/$1" "$opt/current"
    if has_systemd && [ "$(systemctl show --property NeedDaemonReload --value assistant.service)" = yes ]; then
        change "telling systemd" systemctl daemon-reload
    fi
    systemctl --quiet is-enabled assistant.service 2>/dev/null ||
        change "enabling assistant.service" systemctl --quiet enable assistant.service
}

switch_to() { # RELEASE: lets the service run it; goes back to the one before if it does not become ready
    local release=$1 before
    before=$(current_release current)
    if [ -n "$before" ] && [ "$before" != "$release" ]; then
        point "releases/$before" "$opt/previous"
        if has_systemd; then change "stopping $before" systemctl stop assistant.service; fi
        change "keeping a copy of its timers and memory" keep_state
    fi
    use_release "$release"
    if ! has_systemd; then
        say "  systemd does not run here: the service is enabled, and starts when this system boots"
    elif [ -n "$dry_run" ]; then
        runs "$release" || say "  starting $release and waiting until it is ready"
        return
    elif ! runs "$release" && ! start "$release"; then
        go_back "$release"
    fi
    rm -rf "$cache/state"
}

start() { # RELEASE
    say "  starting $1 and waiting until it is ready"
    systemctl restart assistant.service 2>/dev/null # last_words says what is wrong
}

go_back() { # RELEASE THAT FAILED: the one before runs again, with what it kept
    local failed=$1 before why
    before=$(current_release previous)
    why=$(last_words)
    if [ "$before" = "$failed" ] || ! is_complete "${before:-none}"; then
        die "$failed does not become ready: $why" "mend that and run this again; more: journalctl -u assistant"
    fi
    say "  $failed does not become ready; going back to $before"
    systemctl stop assistant.service
    restore_state
    use_release "$before"
    start "$before" || die "neither $failed nor $before becomes ready: $why" "mend that and run this again"
    rm -rf "$cache/state"
    die "$failed does not become ready ($why), so $before runs again" "mend that and run this again; more: journalctl -u assistant"
}

last_words() { # prints the last line that the service wrote
    local words
    words=$(journalctl _SYSTEMD_UNIT=assistant.service --output cat --lines 1 2>/dev/null || true)
    echo "${words:-it said nothing}"
}

# A newer release may have brought the file of timers and memory to a form that the one before cannot read.
keep_state() {
    rm -rf "$cache/state" "$cache/state.new"
    install -d -m 700 "$cache/state.new"
    find "$state" -maxdepth 1 -name 'assistant.db*' -exec cp -p -t "$cache/state.new" {} +
    mv "$cache/state.new" "$cache/state"
}

restore_state() {
    [ -d "$cache/state" ] || return 0
    find "$state" -maxdepth 1 -name 'assistant.db*' ! -name '*.damaged-*' -delete
    find "$cache/state" -type f -exec cp -p -t "$state" {} +
}
