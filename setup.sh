#!/usr/bin/env bash
# Makes the assistant run from this folder, and lets it answer one spoken question to prove it.
#
#   ./setup.sh try
#
# Installs the Debian packages that are missing, makes .venv, builds llama.cpp for this CPU (once), fetches the starter
# models, and writes reply.wav. Asks nothing. Run it again after an interruption: it goes on from there.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=scripts/steps.sh
. scripts/steps.sh

ASSISTANT=.venv/bin/assistant

try_it() {
    say "1/3 packages, and llama.cpp for this CPU"
    make_venv ""
    say "2/3 starter models"
    "$ASSISTANT" models get starter || die "fetching the starter models" "run this again: it goes on from there"
    say "3/3 one spoken question, end to end"
    ask_aloud
    say
    how_to_talk
}

ask_aloud() {
    local question
    question=$(mktemp --suffix .wav)
    # shellcheck disable=SC2064  # the name is known now
    trap "rm -f '$question'" EXIT
    "$ASSISTANT" say "Hey Jarvis, what is the capital of France?" --out "$question" || die "speaking the question" "see above"
    "$ASSISTANT" ask --audio "$question" --pace realtime --out reply.wav || die "answering the question" "see above"
    say "the reply, spoken: reply.wav"
}

how_to_talk() {
    say "It works. The starter models are small, and the starter recognizer understands synthetic voices only, not people."
    say "To talk to it, fetch the real ones (about 3.5 GB): $ASSISTANT models get real"
    if "$ASSISTANT" devices --json 2>/dev/null | .venv/bin/python -c 'import json, sys
found = json.load(sys.stdin)
sys.exit(not (any(d["n_inputs"] for d in found) and any(d["n_outputs"] for d in found)))' 2>/dev/null; then
        say "Then start it with: $ASSISTANT run    and say: hey jarvis, what is the capital of France?"
    else
        say "No microphone and speaker were found. With both plugged in: $ASSISTANT run"
    fi
}

case ${1:-} in
try) try_it ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
