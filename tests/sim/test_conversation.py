"""What a conversation says of itself, and what it costs."""

from cab_sim import tokens
from cab_sim.conversation import Answer, Message, Request, Tool, ToolCall, Usage

CALL = ToolCall(name="bash", arguments='{"command": "ls"}')
TALK = (
    Message(role="system", text="Be kind."),
    Message(role="user", text="Hi"),
    Message(role="assistant", tool_calls=(CALL,)),
    Message(role="tool", text="a.py"),
)
BASH = Tool(name="bash", description="", properties={}, required=frozenset(), source='{"name":"bash"}')


def request(*messages: Message, caches: bool = False) -> Request:
    return Request(model="oracle", messages=messages, tools=(BASH,), caches=caches)


def test_without_a_system_message_the_users_words_are_the_instructions() -> None:
    assert request(*TALK).instructions == "Be kind."
    assert request(*TALK[1:]).instructions == "Hi"


def test_the_prompt_is_all_that_was_said_and_offered() -> None:
    said = ["system", "Be kind.", "user", "Hi", "assistant", CALL.name, CALL.arguments, "tool", "a.py"]
    assert request(*TALK).usage() == Usage(prompt_tokens=sum(map(tokens.count, [*said, BASH.source])))


def test_what_one_call_wrote_to_the_cache_the_next_one_reads() -> None:
    first = request(*TALK[:2], caches=True).usage()
    assert first.cached_tokens == 0
    assert first.cache_write_tokens == first.prompt_tokens - TALK[1].tokens()
    second = request(*TALK, caches=True).usage()
    assert second.prompt_tokens == request(*TALK).usage().prompt_tokens
    assert second.cached_tokens == first.cache_write_tokens
    assert second.prompt_tokens - second.cached_tokens - second.cache_write_tokens == TALK[3].tokens()


def test_a_cache_of_a_conversation_that_the_assistant_began() -> None:
    spent = request(TALK[2], caches=True).usage()
    assert spent.cached_tokens == tokens.count(BASH.source)
    assert spent.cache_write_tokens == 0


def test_an_answer_is_a_text_or_a_call() -> None:
    assert Answer(text="Hi there").tokens() == tokens.count("Hi there")
    assert Answer(text="Hi there").name_tokens() == 0
    call = Answer(tool_call=CALL)
    assert call.spoken == CALL.arguments
    assert call.tokens() - call.name_tokens() == tokens.count(CALL.arguments)
