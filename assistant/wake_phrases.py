"""Whether the wake phrases of the settings can be heard, which only the recognizer knows. Called from the CLI."""

from assistant.config import Settings, models_folder
from assistant.errors import ConfigError, ModelError
from assistant.listening.phrase import BUNDLED, normalized
from assistant.listening.vocabulary import Vocabulary, check_phrase
from assistant.models import ModelFolder, choose, memory_bytes


def check_wake_phrases(settings: Settings) -> None:
    """Checks the phrases of the owner's own against the words of the recognizer, where one is installed.

    Raises:
        ConfigError: a phrase has a word that the recognizer does not know; it names those that are near.
    """
    typed = [phrase for phrase in map(normalized, settings.wake.phrase) if phrase not in BUNDLED]
    if not typed:
        return
    folder = ModelFolder(models_folder(settings))
    try:
        chosen = choose(folder, "recognizer", settings.recognizer.model, settings.language, memory_bytes())
        vocabulary = Vocabulary.of(chosen.path)
    except ModelError:
        return  # `assistant run` tells what is missing
    faults = []
    for phrase in typed:
        try:
            check_phrase(phrase, vocabulary)
        except ConfigError as error:
            faults.append(f"wake.phrase: {error}")
    if faults:
        raise ConfigError(*faults)
