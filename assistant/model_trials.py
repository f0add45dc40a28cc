"""`assistant models try`: a model shows what it can. Called from the CLI, main thread."""

from dataclasses import replace
from pathlib import Path

from assistant.ask import Question, ask
from assistant.config import Settings
from assistant.doctor.finding import Patient
from assistant.doctor.senses import voice_and_ears
from assistant.models import find
from assistant.tryout import say

TRIAL_QUESTION = "Why is the sky blue?"
TRIAL_SENTENCES = {
    "en": "Hello. This is how I sound. Dinner is at half past seven.",
    "de": "Hallo. So klinge ich. Um halb acht gibt es Essen.",
    "es": "Hola. Así sueno yo. La cena es a las siete y media.",
}


def try_out(settings: Settings, name: str, out: Path | None) -> None:
    """Has the model show what it can: a voice speaks, a language model answers, a recognizer hears the voice."""
    model = find(name)
    section = replace(getattr(settings, model.purpose), model=name)
    tried = replace(settings, **{model.purpose: section})
    match model.purpose:
        case "voice":
            say(tried, TRIAL_SENTENCES.get(model.language or "en", TRIAL_SENTENCES["en"]), out)
        case "llm":
            answer = ask(tried, Question(TRIAL_QUESTION, out=out), lambda sentence: print(sentence, flush=True))
            tokens = answer.record.tokens
            print(f"({name}{f', {tokens.per_second:.1f} tokens/s' if tokens else ''})")
        case "recognizer":
            for finding in voice_and_ears(Patient(tried, None)):
                print(f"{finding.part}: {finding.told}")
