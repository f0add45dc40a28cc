# shellcheck shell=bash
# The device: what `setup.sh install`, `upgrade` and `uninstall` do, one function a step. Sourced after service.sh.

user=assistant
starter=("$state/models/llm/smollm2-135m.gguf" "$state/models/voice/en_US-joe-medium.onnx")

need_root() {
    [ -n "$dry_run" ] || [ "$(id -u)" -eq 0 ] || die "it may not change this system" "sudo ./setup.sh $*"
    command -v systemctl >/dev/null || die "there is no systemd here" "to run it without: ./setup.sh try"
}

alone() { # one setup at a time
    [ -n "$dry_run" ] && return
    exec 8>"$root/run/lock/assistant-setup.lock"
    flock --nonblock 8 || die "another setup.sh is running" "let it end, then run this again"
}

install_it() {
    local release
    need_64_bit
    say "1/5 Debian packages"
    system_packages
    say "2/5 user and folders"
    make_user
    make_folders
    say "3/5 the program"
    if [ -n "$dry_run" ] && ! (find_python) >/dev/null 2>&1; then release=new; else release=$(release_name) || exit 1; fi
    if ! is_complete "$release"; then
        change "making the release $release" make_release "$release"
    fi
    say "4/5 starter models, and one spoken question"
    starter_models
    runs_already "$release" || try_release "$release"
    say "5/5 the service"
    switch_to "$release"
    tidy_releases "$release" "$(current_release previous)"
    how_to_talk
}

system_packages() {
    local packages gpio=()
    read -ra packages <<<"$({ running_packages; device_packages; } | tr '\n' ' ')"
    if has_gpio && is_packaged python3-lgpio; then gpio=(python3-lgpio); fi
    need_packages "${packages[@]}" "${gpio[@]}"
}

has_gpio() { [ "$(uname -m)" = aarch64 ] || compgen -G "/dev/gpiochip*" >/dev/null; }

is_packaged() { # DEBIAN PACKAGE: whether it is installed, or apt can install it; a fresh system has no lists yet
    [ -n "$(missing_packages "$1")" ] || return 0
    if [ -n "$bundle" ]; then
        compgen -G "$bundle/apt/$1_*" >/dev/null
    else
        apt-cache show "$1" >/dev/null 2>&1 || { [ -z "$dry_run" ] && apt_get update && apt-cache show "$1" >/dev/null 2>&1; }
    fi
}

make_user() {
    local group owner=${SUDO_USER-}
    getent passwd "$user" >/dev/null || change "making the user $user" \
        useradd --system --user-group --home-dir "$state" --no-create-home --shell /usr/sbin/nologin "$user"
    for group in audio gpio spi i2c; do
        if getent group "$group" >/dev/null; then join "$user" "$group"; fi
    done
    # The owner may ask the running assistant, read its settings and bring it models.
    if [ -n "$owner" ] && [ "$owner" != root ]; then join "$owner" "$user"; fi
}

join() { # USER, GROUP
    id -nG "$1" 2>/dev/null | grep -qw "$2" || change "adding $1 to the group $2" usermod -aG "$2" "$1"
}

make_folders() {
    local purpose
    folder "$opt/releases" root:root 755
    folder "$cache" root:root 755
    folder "$etc" "root:$user" 755
    folder "$etc/config.d" "root:$user" 750
    folder "$state" "$user:$user" 750
    for purpose in "" /llm /recognizer /voice; do folder "$state/models$purpose" "$user:$user" 2775; done
    if [ ! -e "$etc/config.yaml" ]; then change "writing $etc/config.yaml" begin_settings; fi
}

folder() { # PATH, OWNER:GROUP, MODE
    [ -d "$1" ] || change "making $1" install -d -o "${2%:*}" -g "${2#*:}" -m "$3" "$1"
}

begin_settings() { # no default is repeated there, so that better ones reach this device
    local file
    file=$(mktemp "$etc/.config.XXXXXX")
    cat >"$file" <<'END'
# The settings of this device. config.yaml.template, beside this file, explains them all and holds their defaults; write
# here only what is to be otherwise. Then: sudo systemctl reload assistant. For example:
#
# wake:
#   phrase: [hey_jarvis, hello kitchen]
END
    chown "root:$user" "$file"
    chmod 640 "$file"
    mv "$file" "$etc/config.yaml"
}

as_user() { # PROGRAM, ARGUMENTS: as the user assistant
    setpriv --reuid="$user" --regid="$user" --init-groups env HOME="$state" PIP_NO_CACHE_DIR=1 "$@"
}

starter_models() {
    if [ -e "${starter[0]}" ] && [ -e "${starter[1]}" ]; then return; fi
    change "fetching the starter models (165 MB)" fetch_starter
}

fetch_starter() {
    if [ -n "$bundle" ]; then
        cp -ru "$bundle/models/." "$state/models/"
        chown -R "$user:$user" "$state/models"
    fi
    (umask 002 && as_user "$opt/releases/$release/venv/bin/assistant" models get starter) ||
        die "fetching the starter models" "check the network and run this again: it goes on from there"
}

runs_already() { [ "$(current_release current)" = "$1" ] && { ! has_systemd || runs "$1"; }; } # RELEASE

try_release() { # RELEASE: lets it answer one spoken question
    change "asking $1 aloud" ask_release "$1"
}

# As nobody, who can read the models and has a state of their own: a newer release may bring the file of timers and memory
# to a form that the one still running does not know.
ask_release() { # RELEASE
    local room question settings
    room=$(mktemp -d)
    question=$room/question.wav settings=$room/config.yaml
    printf '%s\n' 'recognizer: {model: vosk-en-synthetic}' 'llm: {model: smollm2-135m}' 'voice: {model: en_US-joe-medium}' >"$settings"
    chown -R nobody "$room"
    if in_room say "Hey Jarvis, what is the capital of France?" --out "$question" &&
        in_room ask --audio "$question" --pace realtime --out "$room/reply.wav"; then
        rm -rf "$room"
    else
        rm -rf "$room"
        die "$1 does not answer" "see above; what ran before was not touched"
    fi
}

in_room() { # ARGUMENTS OF ASSISTANT
    setpriv --reuid=nobody --regid="$user" --clear-groups env -i HOME="$room" XDG_STATE_HOME="$room" PATH=/usr/bin:/bin \
        "$opt/releases/$release/venv/bin/assistant" --config "$settings" "$@"
}

how_to_talk() {
    [ -z "$dry_run" ] || return 0
    say
    ! has_systemd || say "It runs, and its state is: $(systemctl show --property StatusText --value assistant.service)"
    say "The starter models are small, and the starter recognizer understands synthetic voices only, not people."
    say "To talk to it, fetch the real ones (about 3.5 GB), then let it use them:"
    say "  sudo systemctl start assistant-models@real && sudo systemctl restart assistant"
    say "Then say: hey jarvis, what is the capital of France?"
    say "What it does now: systemctl status assistant. What it wrote: journalctl -u assistant. Settings: $etc/config.yaml"
}

upgrade_it() {
    [ -e "$opt/current" ] || die "nothing is installed here that could be upgraded" "sudo ./setup.sh install"
    install_it
}

uninstall_it() { # "purge" or ""
    if has_systemd && systemctl --quiet is-active assistant.service 'assistant-models@*'; then
        change "stopping it" systemctl stop assistant.service 'assistant-models@*'
    fi
    if systemctl --quiet is-enabled assistant.service 2>/dev/null; then
        change "disabling assistant.service" systemctl --quiet disable assistant.service
    fi
    remove "$units/assistant.service" "$units/assistant-models@.service" "$units/assistant.service.d/back-off.conf" "$rules"
    # A drop-in of the owner's stays.
    [ ! -d "$units/assistant.service.d" ] || change "tidying up" rmdir --ignore-fail-on-non-empty "$units/assistant.service.d"
    if has_systemd; then change "telling systemd" systemctl daemon-reload; fi
    if [ "$(readlink "$program")" = "$opt/current/venv/bin/assistant" ]; then remove "$program"; fi
    remove "$opt" "$cache"
    if [ -n "$1" ]; then
        remove "$etc" "$state"
        if [ "$(getent passwd "$user" | cut -d: -f6)" = "$state" ]; then change "removing the user $user" remove_user; fi
        say "The Debian packages that it used stay."
    else
        say "Settings ($etc), timers, memory and models ($state) and the Debian packages stay."
    fi
}

remove_user() {
    userdel "$user" 2>/dev/null # it complains of a group in which the owner still is
    if getent group "$user" >/dev/null; then groupdel "$user"; fi
}

remove() { # PATHS
    local path
    for path in "$@"; do
        if [ -e "$path" ] || [ -L "$path" ]; then change "removing $path" rm -rf "$path"; fi
    done
}
