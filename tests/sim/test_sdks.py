"""The official SDKs against the simulator: the oracle calls a tool, gets the result and ends.

Each conversation is told as one :data:`Turn` per call; its usage must be what the simulator counted.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from cab_sim.calls import Call
from cab_sim.server import Serving, SimConfig

from .play import ASKS, CONFIG, SAY, SCRIPT, faulty, root, with_server

# google-genai derives its session from aiohttp's, which aiohttp discourages
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

Turn = tuple[str, dict[str, Any] | None, tuple[int | None, ...]]
"""Text, arguments of the tool call, and prompt, completion and cache tokens."""
Talk = Callable[[Serving, bool], Awaitable[list[Turn]]]


def ask(protocol: str, *left_out: str) -> Any:
    return {key: value for key, value in ASKS[protocol].body.items() if key not in left_out}


async def chat(server: Serving, stream: bool) -> list[Turn]:
    fields, turns = ask("chat"), list[Turn]()
    async with openai.AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0) as client:
        for _ in range(2):
            if stream:
                async with client.chat.completions.stream(
                    **fields, stream_options={"include_usage": True}
                ) as events:
                    got: Any = await events.get_final_completion()
            else:
                got = await client.chat.completions.create(**fields)
            (choice,) = got.choices
            message, usage = choice.message, got.usage
            spent = (usage.prompt_tokens, usage.completion_tokens)
            assert usage.total_tokens == sum(spent)
            made = message.tool_calls[0] if message.tool_calls else None
            turns.append((message.content or "", made and json.loads(made.function.arguments), spent))
            assert choice.finish_reason == ("tool_calls" if made else "stop")
            if made:
                result = {"role": "tool", "tool_call_id": made.id, "content": "ok"}
                said = message.model_dump(exclude_none=True, exclude={"parsed"})
                fields["messages"] = [*fields["messages"], said, result]
    return turns


async def responses(server: Serving, stream: bool) -> list[Turn]:
    fields, turns = ask("responses"), list[Turn]()
    items: list[Any] = [{"role": "user", "content": fields.pop("input")}]
    async with openai.AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0) as client:
        for _ in range(2):
            if stream:
                async with client.responses.stream(**fields, input=items) as events:
                    seen = [event.sequence_number async for event in events]
                    got: Any = await events.get_final_response()
                assert seen == list(range(len(seen)))
            else:
                got = await client.responses.create(**fields, input=items)
            assert (got.status, got.instructions, got.error) == ("completed", "You are an agent.", None)
            spent = (got.usage.input_tokens, got.usage.output_tokens)
            assert got.usage.total_tokens == sum(spent)
            (item,) = got.output
            is_call = item.type == "function_call"
            turns.append((got.output_text, json.loads(item.arguments) if is_call else None, spent))
            if is_call:
                items.append(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}))
                items.append({"type": "function_call_output", "call_id": item.call_id, "output": "ok"})
    return turns


async def messages(server: Serving, stream: bool) -> list[Turn]:
    fields, turns = ask("messages"), list[Turn]()
    async with anthropic.AsyncAnthropic(base_url=root(server), api_key="k", max_retries=0) as client:
        for _ in range(2):
            if stream:
                async with client.messages.stream(**fields) as events:
                    got: Any = await events.get_final_message()
            else:
                got = await client.messages.create(**fields)
            usage, (block,) = got.usage, got.content
            cache = (usage.cache_read_input_tokens, usage.cache_creation_input_tokens)
            spent = (usage.input_tokens + sum(cache), usage.output_tokens, *cache)
            is_call = block.type == "tool_use"
            assert got.stop_reason == ("tool_use" if is_call else "end_turn")
            turns.append(("", block.input, spent) if is_call else (block.text, None, spent))
            if is_call:
                said = {"role": "assistant", "content": [block.model_dump(exclude_none=True)]}
                result = {"type": "tool_result", "tool_use_id": block.id, "content": "ok"}
                fields["messages"] = [*fields["messages"], said, {"role": "user", "content": [result]}]
    return turns


async def gemini(server: Serving, stream: bool) -> list[Turn]:
    body, turns = ask("gemini"), list[Turn]()
    contents = [types.Content.model_validate(turn) for turn in body["contents"]]
    config = types.GenerateContentConfig(
        system_instruction="You are an agent.", tools=[types.Tool.model_validate(body["tools"][0])]
    )
    options = types.HttpOptions(base_url=root(server))
    async with genai.Client(api_key="k", vertexai=False, http_options=options).aio as client:
        for _ in range(2):
            asked: Any = {"model": "oracle", "contents": contents, "config": config}
            if stream:
                chunks: list[Any] = [c async for c in await client.models.generate_content_stream(**asked)]
            else:
                chunks = [await client.models.generate_content(**asked)]
            parts = [part for c in chunks for part in c.candidates[0].content.parts]
            reasons = [c.candidates[0].finish_reason for c in chunks]
            assert reasons == [None] * (len(chunks) - 1) + [types.FinishReason.STOP]
            totals = [c.usage_metadata.candidates_token_count for c in chunks]
            assert totals == sorted(totals)
            usage = chunks[-1].usage_metadata
            spent = (usage.prompt_token_count, usage.candidates_token_count)
            assert usage.total_token_count == sum(spent)
            made = next((part.function_call for part in parts if part.function_call), None)
            turns.append(("".join(part.text or "" for part in parts), made and made.args, spent))
            if made:
                result = types.Part.from_function_response(name=made.name, response={"output": "ok"})
                contents += [
                    types.Content(role="model", parts=parts),
                    types.Content(role="user", parts=[result]),
                ]
    return turns


def counted(calls: list[Call], turns: list[Turn]) -> list[tuple[int | None, ...]]:
    return [
        (call.prompt_tokens, call.completion_tokens, call.cached_tokens, call.cache_write_tokens)[
            : len(spent)
        ]
        for call, (_, _, spent) in zip(calls, turns, strict=True)
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("talk", [chat, responses, messages, gemini])
def test_a_tool_call_and_back(talk: Talk, stream: bool) -> None:
    async def client(server: Serving) -> tuple[list[Turn], list[Call]]:
        return await talk(server, stream), server.log.calls

    turns, calls = with_server(SimConfig(script=SCRIPT, tokens_per_chunk=3), client)
    (text, arguments, _), (last, no_call, _) = turns
    assert not text
    assert arguments is not None
    assert "src/é.py" in arguments["command"]
    assert (last, no_call) == (SAY, None)
    assert counted(calls, turns) == [spent for _, _, spent in turns]
    assert [(call.protocol, call.stream, call.completed) for call in calls] == [
        (talk.__name__, stream, True)
    ] * 2


@pytest.mark.parametrize("fault", ["usage-always", "split-utf8", "gzip"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("talk", [chat, responses, messages, gemini])
def test_what_should_make_no_difference_makes_none(talk: Talk, stream: bool, fault: str) -> None:
    async def client(server: Serving) -> list[Turn]:
        return await talk(server, stream)

    assert with_server(faulty(fault), client) == with_server(CONFIG, client)


def test_each_sdk_knows_the_errors() -> None:
    async def client(server: Serving) -> None:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0) as one:
            with pytest.raises(openai.RateLimitError) as limited:
                await one.responses.create(**ask("responses"))
            assert limited.value.code == "rate_limit_exceeded"
        async with anthropic.AsyncAnthropic(base_url=root(server), api_key="k", max_retries=0) as two:
            with pytest.raises(anthropic.RateLimitError) as slowed:
                await two.messages.create(**ask("messages"))
            assert slowed.value.type == "rate_limit_error"
        options = types.HttpOptions(base_url=root(server))
        async with genai.Client(api_key="k", vertexai=False, http_options=options).aio as three:
            with pytest.raises(genai.errors.ClientError) as exhausted:
                await three.models.generate_content(model="oracle", contents="Hi")
            assert (exhausted.value.code, exhausted.value.status) == (429, "RESOURCE_EXHAUSTED")

    with_server(faulty("429"), client)


def test_each_sdk_sends_the_key_in_its_own_way() -> None:
    async def client(server: Serving) -> list[str]:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="secret") as one:
            names = [model.id async for model in one.models.list()]
        async with anthropic.AsyncAnthropic(base_url=root(server), api_key="secret") as two:
            fields = ask("messages", "max_tokens")
            counted = await two.messages.count_tokens(**fields)
            got = await two.messages.create(**ask("messages"))
            cached = (got.usage.cache_read_input_tokens or 0) + (got.usage.cache_creation_input_tokens or 0)
            assert counted.input_tokens == got.usage.input_tokens + cached
        # OpenAI's list of models has the path of the newer version's
        options = types.HttpOptions(base_url=root(server), api_version="v1beta")
        async with genai.Client(api_key="secret", vertexai=False, http_options=options).aio as three:
            number = await three.models.count_tokens(model="oracle", contents="Hi")
            answer = await three.models.generate_content(model="oracle", contents="Hi")
            assert answer.usage_metadata
            assert number.total_tokens == answer.usage_metadata.prompt_token_count
            assert [m.name async for m in await three.models.list()] == [f"models/{name}" for name in names]
        assert len(server.log.calls) == 2
        return names

    assert with_server(SimConfig(script=SCRIPT, key="secret"), client) == ["oracle", "cheat:1", "null"]


def test_the_older_apis() -> None:
    async def client(server: Serving) -> None:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="k") as endpoint:
            text = await endpoint.completions.create(model="null", prompt="```bash")
            assert text.choices[0].text == "I leave everything as it is."
            stream = await endpoint.completions.create(model="null", prompt="```bash", stream=True)
            assert "".join([c.choices[0].text async for c in stream]) == text.choices[0].text
            packed = await endpoint.embeddings.create(model="null", input=["a", "b", "a"])
            plain = await endpoint.embeddings.create(
                model="null", input=["a", "b", "a"], encoding_format="float"
            )
            one, two, three = [entry.embedding for entry in packed.data]
            assert [one, two, three] == [entry.embedding for entry in plain.data]
            assert one == three != two

    with_server(CONFIG, client)
