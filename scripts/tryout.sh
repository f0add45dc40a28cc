# shellcheck shell=bash
# What `setup.sh try` does: the assistant in this folder, and one spoken question. Sourced after steps.sh.

here=.venv/bin/assistant

try_it() {
    say "1/3 packages, and llama.cpp for this CPU"
    change "making .venv, with llama.cpp for this CPU, unless it is whole" make_venv ""
    say "2/3 starter models"
    change "fetching what is missing" try_models
    say "3/3 one spoken question, end to end"
    change "writing reply.wav" ask_aloud
    [ -n "$dry_run" ] || how_to_go_on
}

try_models() {
    "$here" models get starter || die "fetching the starter models" "run this again: it goes on from there"
}

ask_aloud() {
    local question
    question=$(mktemp --suffix .wav)
    "$here" say "Hey Jarvis, what is the capital of France?" --out "$question" || die "speaking the question" "see above"
    "$here" ask --audio "$question" --pace realtime --out reply.wav || die "answering the question" "see above"
    rm -f "$question"
    say "the reply, spoken: reply.wav"
    say
}

how_to_go_on() {
    say "It works. The starter models are small, and the starter recognizer understands synthetic voices only, not people."
    say "To talk to it, fetch the real ones (about 3.5 GB): $here models get real"
    if "$here" devices --json 2>/dev/null | .venv/bin/python -c 'import json, sys
found = json.load(sys.stdin)
sys.exit(not (any(d["n_inputs"] for d in found) and any(d["n_outputs"] for d in found)))' 2>/dev/null; then
        say "Then start it with: $here run    and say: hey jarvis, what is the capital of France?"
    else
        say "No microphone and speaker were found. With both plugged in: $here run"
    fi
    say "To make this machine a device that runs it from the start: sudo ./setup.sh install"
}
