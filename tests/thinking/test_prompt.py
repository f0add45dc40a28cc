from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from assistant.errors import ModelError
from assistant.thinking.language_model import LanguageModel
from assistant.thinking.messages import Exchange, Tokens
from assistant.thinking.prompt import ChatFormat, Thoughts, chat_format
from assistant.thinking.tool_calls import Call, Parameter, Tool, Value, response, schema

SYSTEM = "You are a voice assistant. Answer in one sentence.\n"
QUESTION = "What's the capital of Côte d'Ivoire?"

CHATML = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
GEMMA2 = (
    "{{ bos_token }}"
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
GEMMA3 = (
    "{{ bos_token }}{% set system = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' else '' %}"
    "{% for m in (messages[1:] if system else messages) %}"
    "<start_of_turn>{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n"
    "{{ system if loop.first else '' }}{{ m['content'] | trim }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
DROPS_SYSTEM = CHATML.replace("<|{{", "{% if m.role != 'system' %}<|{{").replace("<end>", "<end>{% endif %}")
SYSTEM_LAST = (  # as Mistral's
    "{{ bos_token }}{% set system = messages[0].content if messages[0].role == 'system' else '' %}"
    "{% for m in messages if m.role != 'system' %}{% if m.role == 'user' %}"
    "[INST] {% if loop.last and system %}{{ system }}\n\n{% endif %}{{ m.content }}[/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)

TOOLS = (
    Tool(
        "set_timer",
        "Sets a timer.",
        (
            Parameter("minutes", "integer", "How long", low=1, high=1440),
            Parameter("sound", "string", "How it rings", required=False, choices=("bell", "horn")),
        ),
    ),
    Tool("tell_time", "Tells the time."),
)
DECLARED = (
    '<|tool>declaration:set_timer{description:<|"|>Sets a timer.<|"|>,parameters:{properties:{'
    'minutes:{description:<|"|>How long (1 to 1440)<|"|>,type:<|"|>INTEGER<|"|>},'
    'sound:{description:<|"|>How it rings<|"|>,enum:[<|"|>bell<|"|>,<|"|>horn<|"|>],type:<|"|>STRING<|"|>}},'
    'required:[<|"|>minutes<|"|>],type:<|"|>OBJECT<|"|>}}<tool|>'
    '<|tool>declaration:tell_time{description:<|"|>Tells the time.<|"|>,parameters:{type:<|"|>OBJECT<|"|>}}<tool|>'
)


def characters(text: str) -> list[int]:
    """A tokenizer whose tokens can be read."""
    return [ord(character) for character in text]


def text_of(tokens: Tokens) -> str:
    return "".join(map(chr, tokens))


def cut(template: str, system_prompt: str = SYSTEM) -> ChatFormat:
    return chat_format(template, system_prompt, characters, "<bos>", "<eos>")


def said(question: str, reply: str) -> Exchange:
    return Exchange(tuple(characters(question)), tuple(characters(reply)))


def prompt_text(chat: ChatFormat, *history: Exchange, question: str = QUESTION) -> str:
    return text_of(chat.prompt(history, tuple(characters(question))))


@pytest.fixture(scope="module", params=["smollm2", "gemma4"])
def model(request: pytest.FixtureRequest, starter: dict[str, Path], tiny_gemma4: Path) -> Iterator[LanguageModel]:
    path = starter["llm"] if request.param == "smollm2" else tiny_gemma4
    with LanguageModel(path, n_ctx=512, n_threads=2) as model:
        yield model


def format_of(model: LanguageModel, system_prompt: str = SYSTEM, tools: tuple[Tool, ...] = ()) -> ChatFormat:
    def tokenize(text: str) -> list[int]:
        return model.tokenize(text, special=True)

    return chat_format(model.chat_template, system_prompt, tokenize, model.bos, model.eos, tools)


def rendered(model: LanguageModel, *messages: tuple[str, str]) -> Tokens:
    """The tokens of a conversation as llama-cpp-python renders it."""
    formatter = Jinja2ChatFormatter(model.chat_template, model.eos, model.bos)
    text = formatter(messages=[{"role": role, "content": content} for role, content in messages]).prompt
    return tuple(model.tokenize(text, special=True))


def spoken(model: LanguageModel, text: str) -> Tokens:
    return tuple(model.tokenize(text, special=False))


@pytest.mark.parametrize("system_prompt", [SYSTEM.strip(), "Short.", "Two lines.\n\nOf system prompt: überall."])
@pytest.mark.parametrize("question", [QUESTION, "hi", "1 + 1 = ?", "“Quoted,” she said…", "날씨가 어때?"])
def test_the_first_prompt_is_what_the_template_renders(model: LanguageModel, system_prompt: str, question: str) -> None:
    prompt = format_of(model, system_prompt).prompt([], spoken(model, question))
    assert prompt == rendered(model, ("system", system_prompt), ("user", question))


def test_a_prompt_only_grows(model: LanguageModel) -> None:
    chat = format_of(model)
    history: list[Exchange] = []
    before: Tokens = ()
    for question, reply in [(QUESTION, "Yamoussoukro."), ("And of France?", "It is Paris."), ("Why?", "")]:
        prompt = chat.prompt(history, spoken(model, question))
        assert prompt[: len(before)] == before
        history.append(Exchange(spoken(model, question), spoken(model, reply)))
        before = prompt + history[-1].reply


def test_a_later_prompt_is_what_the_template_renders(starter: dict[str, Path]) -> None:
    with LanguageModel(starter["llm"], n_ctx=512, n_threads=2) as smollm2:
        history = [Exchange(spoken(smollm2, QUESTION), spoken(smollm2, "Yamoussoukro."))]
        prompt = format_of(smollm2).prompt(history, spoken(smollm2, "Why?"))
        messages = [("system", SYSTEM), ("user", QUESTION), ("assistant", "Yamoussoukro."), ("user", "Why?")]
        assert prompt == rendered(smollm2, *messages)


def test_gemma_4_is_told_not_to_think(tiny_gemma4: Path) -> None:
    with LanguageModel(tiny_gemma4, n_ctx=512, n_threads=2) as gemma4:
        chat = format_of(gemma4)
        after_the_question = "<turn|>\n<|turn>model\n<|channel>thought\n<channel|>"
        assert chat.to_reply == tuple(gemma4.tokenize(after_the_question, special=True))
        assert not set(gemma4.tokenize("<|think|>", special=True)) & set(chat.prefix)
        (begin,), (end,) = (gemma4.tokenize(mark, special=True) for mark in ("<|channel>", "<channel|>"))
        assert chat.thoughts == ((begin, end),)


@pytest.fixture
def gemma4(tiny_gemma4: Path) -> Iterator[LanguageModel]:
    with LanguageModel(tiny_gemma4, n_ctx=512, n_threads=2) as gemma4:
        yield gemma4


def rendered_with_tools(model: LanguageModel, messages: list[Any]) -> Tokens:
    formatter = Jinja2ChatFormatter(model.chat_template, model.eos, model.bos)
    text = formatter(messages=messages, tools=[schema(tool) for tool in TOOLS]).prompt
    return tuple(model.tokenize(text, special=True))


def test_gemma_4_is_told_of_tools_at_the_head_of_the_prompt(gemma4: LanguageModel) -> None:
    chat = format_of(gemma4, SYSTEM, TOOLS)
    text = f"<bos><|turn>system\n{SYSTEM.strip()}{DECLARED}<turn|>\n<|turn>user\n"
    assert chat.prefix == tuple(gemma4.tokenize(text, special=True))
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    assert chat.prompt([], spoken(gemma4, QUESTION)) == rendered_with_tools(gemma4, messages)
    assert [gemma4.text_of(mark) for mark in chat.call_marks] == ["<|tool_call>", "<tool_call|>", '<|"|>']
    without = format_of(gemma4)
    assert (chat.to_reply, chat.to_question) == (without.to_reply, without.to_question)


def test_a_call_and_its_result_stand_in_the_prompt_as_the_template_renders_them(gemma4: LanguageModel) -> None:
    chat = format_of(gemma4, SYSTEM, TOOLS)
    call = Call("set_timer", {"minutes": 5, "sound": "bell"})
    result: dict[str, Value] = {"ends": "five past two", "ok": True, "n": 1}
    called = '<|tool_call>call:set_timer{minutes:5,sound:<|"|>bell<|"|>}<tool_call|>'
    prompt = chat.prompt([], spoken(gemma4, QUESTION))
    prompt += tuple(gemma4.tokenize(called + response("set_timer", result), special=True)) + chat.after_response
    messages = [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": QUESTION},
        {
            "role": "assistant",
            "tool_calls": [{"function": {"name": call.name, "arguments": call.arguments}}],
            "tool_responses": [{"name": call.name, "response": result}],
        },
    ]
    # The template leaves out the empty thought before a reply that it is given.
    no_thought = tuple(gemma4.tokenize("<|channel>thought\n<channel|>", special=True))
    assert chat.to_reply[-len(no_thought) :] == no_thought
    n_before = len(chat.prompt([], spoken(gemma4, QUESTION)))
    assert prompt[: n_before - len(no_thought)] + prompt[n_before:] == rendered_with_tools(gemma4, messages)


def test_a_model_is_told_of_no_tools_if_there_are_none(model: LanguageModel) -> None:
    chat = format_of(model, SYSTEM, ())
    assert (chat.call_marks, chat.after_response) == ((), ())
    assert "declaration" not in "".join(map(model.text_of, chat.prefix))


def test_a_model_whose_template_knows_no_tools_is_told_of_none(starter: dict[str, Path]) -> None:
    with LanguageModel(starter["llm"], n_ctx=512, n_threads=2) as smollm2:
        assert format_of(smollm2, SYSTEM, TOOLS) == format_of(smollm2)


def test_a_model_that_spells_the_marks_of_a_call_is_told_of_no_tools(gemma4: LanguageModel) -> None:
    def chat(tools: tuple[Tool, ...]) -> ChatFormat:
        return chat_format(gemma4.chat_template, SYSTEM, characters, "<bos>", "<eos>", tools)

    assert chat(TOOLS) == chat(())


def test_leaving_out_the_oldest_exchanges_gives_the_prompt_of_a_younger_conversation(model: LanguageModel) -> None:
    chat = format_of(model)
    history = [Exchange(spoken(model, f"Question {i}?"), spoken(model, f"Reply {i}.")) for i in range(3)]
    question = spoken(model, QUESTION)
    rest = chat.prompt(history, question)[len(chat.prefix) :]
    for n_left_out in (1, 2, 3):
        younger = chat.prompt(history[n_left_out:], question)
        assert younger[: len(chat.prefix)] == chat.prefix
        assert rest[-len(younger) + len(chat.prefix) :] == younger[len(chat.prefix) :]
    assert chat.prompt(history[3:], question) == chat.prompt([], question)


@pytest.mark.parametrize("template", [CHATML, GEMMA2, GEMMA3, DROPS_SYSTEM, SYSTEM_LAST])
def test_the_system_prompt_comes_once_and_first(template: str) -> None:
    chat = cut(template)
    for history in ([], [said("One?", "Two.")], [said("One?", "Two."), said("Three?", "Four.")]):
        prompt = prompt_text(chat, *history)
        assert prompt.count(SYSTEM.strip()) == 1
        assert prompt.index(SYSTEM.strip()) < prompt.index("One?" if history else QUESTION)


def test_a_system_prompt_in_the_first_question_looks_as_the_template_would_have_it() -> None:
    wanted = "<bos><start_of_turn>user\nBe brief.\n\nWhy?<end_of_turn>\n<start_of_turn>model\n"
    assert prompt_text(cut(GEMMA2, "Be brief."), question="Why?") == wanted
    assert prompt_text(cut(GEMMA3, "Be brief."), question="Why?") == wanted


def test_no_system_prompt_leaves_no_gap_in_the_first_question() -> None:
    assert prompt_text(cut(GEMMA2, ""), question="Why?") == (
        "<bos><start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_what_was_said_cannot_change_the_format() -> None:
    tricky = "Marked question. {{ bos_token }} {% raw %} Another marked question. Marked reply."
    assert prompt_text(cut(CHATML, "S"), said(tricky, tricky), question=tricky) == (
        f"<|system|>S<end><|user|>{tricky}<end><|assistant|>{tricky}<end><|user|>{tricky}<end><|assistant|>"
    )


def test_templates_are_given_what_transformers_gives_them() -> None:
    template = (
        "{% if tools is not none or documents is not none %}tools{% endif %}{{ strftime_now('%Y')[:2] }}"
        "{% for m in messages %}{{ m | tojson }}{% if loop.last %}{% break %}{% endif %}{% endfor %}"
    )
    assert prompt_text(cut(template, "“S”")).startswith('20{"role": "system", "content": "“S”"}{"role": "user", ')


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{% for m in messages %}{{ m.content }}", "end of template"),
        ("{{ messages | no_such_filter }}", "no_such_filter"),
        ("{{ messages[0].content.nothing.at_all }}", "nothing"),
        ("{{ 1 / 0 }}", "zero"),
        ("{{ [].pop() }}", "pop"),
        ("{{ {}['x'] + 1 }}", "x"),
        ("{{ messages.append(1) }}", "unsafe"),
        ("{{ raise_exception('this model\n  does not chat') }}", "this model does not chat"),
        (CHATML.replace("{{ m.content }}", "{{ m.content if m.role != 'assistant' else '' }}"), "loses what is said"),
        (CHATML.replace("for m in messages", "for m in messages[-1:]"), "loses what is said"),
        ("", "loses what is said"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_one_line(template: str, reason: str) -> None:
    with pytest.raises(ModelError, match=r"^its chat template ") as refused:
        cut(template)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


BEGIN, END, OTHER_BEGIN, OTHER_END = 1, 2, 3, 4


def hidden(tokens: list[int], to_reply: Tokens = ()) -> list[int]:
    thoughts = Thoughts(ChatFormat((), to_reply, (), ((BEGIN, END), (OTHER_BEGIN, OTHER_END))))
    return [token for token in tokens if thoughts.hide(token)]


def test_thoughts_are_hidden_with_their_marks() -> None:
    assert hidden([10, BEGIN, 20, 21, END, 11, OTHER_BEGIN, 22, OTHER_END, 12]) == [1, 20, 21, 2, 3, 22, 4]


def test_a_thought_ends_with_its_own_mark_only() -> None:
    assert hidden([BEGIN, 20, OTHER_END, 21, BEGIN, 22, END, 10]) == [1, 20, 4, 21, 1, 22, 2]


def test_a_thought_that_does_not_end_is_hidden_to_the_last() -> None:
    assert hidden([10, BEGIN, 20, 21]) == [1, 20, 21]


def test_a_mark_that_ends_nothing_is_hidden_alone() -> None:
    assert hidden([END, 10, OTHER_END, 11]) == [2, 4]


def test_a_thought_that_the_template_opened_is_hidden() -> None:
    assert hidden([20, END, 10], to_reply=(90, BEGIN, 91)) == [20, 2]


def test_a_thought_that_the_template_closed_is_over() -> None:
    assert hidden([10, 11], to_reply=(90, BEGIN, 91, END)) == []
