"""chat/completions, OpenAI's and everybody's.

A stream has *ended* with ``[DONE]`` or, since some servers leave that out, once every choice has a
finish reason. A stream that stops before is not whole, however cleanly its connection closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Problem, error_body
from ..jsonbody import float_of, int_of, text_of
from ..records import Params, Tokens
from .base import Asked, Facts, Prompt, Protocol, code_of, compact, length_of, objects
from .meter import MAX_CHOICES, ChoicesMeter
from .skim import Saying
from .sse import SseEvent
from .usage import cost_of, is_zero, normalise, usage_in

_LIMITS: Final = ("max_completion_tokens", "max_tokens")


def read_request(value: Mapping[str, Any], _path: str = "") -> Asked:
    """The facts of a request; unknown ones where they make no sense."""
    options = value.get("stream_options")
    reasoning = value.get("reasoning")
    effort = value.get("reasoning_effort")
    if effort is None and isinstance(reasoning, dict):
        effort = reasoning.get("effort")
    stream = value.get("stream") is True
    limit = int_of(value.get("max_completion_tokens"))
    # servers heed one name or the other, and are billed for the best of several answers
    limits = [most for name in _LIMITS if (most := int_of(value.get(name))) is not None]
    answers = [count for name in ("n", "best_of") if (count := int_of(value.get(name))) is not None]
    return Asked(
        model=text_of(value.get("model")),
        stream=stream,
        include_usage=not stream or (isinstance(options, dict) and options.get("include_usage") is True),
        most_output=max(limits) * max([1, *answers]) if limits and min(limits) >= 0 else None,
        choices=max(1, min(int_of(value.get("n")) or 1, MAX_CHOICES)),
        params=Params(
            temperature=float_of(value.get("temperature")),
            top_p=float_of(value.get("top_p")),
            seed=int_of(value.get("seed")),
            max_tokens=int_of(value.get("max_tokens")) if limit is None else limit,
            reasoning_effort=text_of(effort, 64),
            tools_count=length_of(value.get("tools")),
            messages_count=length_of(value.get("messages")),
        ),
    )


class ChatMeter(ChoicesMeter):
    """Reads one response.

    What a frame can bring besides text: the model and its fingerprint, of which the first ones count; a
    finish reason, with which the stream may have ended; a choice not seen before, without whose finish reason
    it has not; usage, the call's own if it comes with or after the last finish reason; an error. A frame
    that brings one piece of text and none of these makes a mould (:mod:`cab_proxy.protocols.skim`).
    """

    REASONING = "reasoning"

    def _settle(self, facts: Facts) -> None:
        super()._settle(facts)
        if facts.usage_raw is not None:
            facts.cost_usd = cost_of(facts.usage_raw)

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return normalise(usage)

    def _is_zero(self, usage: dict[str, Any]) -> bool:
        return is_zero(usage)

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body)
        if frame is not None:
            self._read_frame(frame, "message")
            self._ended = True

    def _read_event(self, event: SseEvent) -> Saying | None:
        if event.data.strip() == b"[DONE]":
            self._done = self._ended = True
            return None
        if event.event == "error":
            self._facts.in_band_error = True
        frame = self._parse(event.data)
        return None if frame is None else self._read_frame(frame, "delta")

    def _read_frame(self, frame: Mapping[str, Any], part: str) -> Saying | None:
        """Read a response or a chunk of one; what it said, if that is all that it brought."""
        facts = self._facts
        sayings: list[Saying] = []
        news = False
        if error := frame.get("error"):
            news = facts.in_band_error = True
            facts.error_code = facts.error_code or code_of(error)
        if facts.model is None:
            facts.model = text_of(frame.get("model")) or None
        if facts.system_fingerprint is None:
            facts.system_fingerprint = text_of(frame.get("system_fingerprint")) or None
        choices = frame.get("choices")
        for position, choice in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(choice, dict):
                news = self._read_choice(choice, position, part, sayings) or news
        usage = usage_in(frame)
        if usage is not None:
            news = self._read_usage(usage) or news
        return sayings[0] if len(sayings) == 1 and not news else None

    def _read_choice(
        self, choice: Mapping[str, Any], position: int, part: str, sayings: list[Saying]
    ) -> bool:
        """Take a choice in, add what it says to ``sayings``; whether it has finished."""
        index = int_of(choice.get("index"))
        index = position if index is None else index
        if not self._sees(index):
            return False
        for name, text in self._generated(choice, part):
            sayings.append(self._say((index, name), text))
        reason = choice.get("finish_reason")
        if not isinstance(reason, str) or not reason:
            return False
        self._finished[index] = reason[:64]
        if reason == "error":
            self._facts.in_band_error = True
        self._ended = self._ended or self._all_finished()
        return True

    def _generated(self, choice: Mapping[str, Any], part: str) -> Iterator[tuple[str, str]]:
        """The pieces of generated text in a choice, each with a name that tells what it belongs to."""
        return _generated(choice.get(part))


def _generated(message: object) -> Iterator[tuple[str, str]]:
    """The pieces of generated text in a message or delta, each with a name that tells what it belongs to.
    Each is a string of the JSON as it stands there.
    """
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if isinstance(content, list):  # Mistral's parts
        for piece in content:
            if isinstance(piece, dict) and isinstance(text := piece.get("text"), str) and text:
                yield "content", text
    # some servers send the same reasoning under both names
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    for name, text in (("content", content), ("reasoning", reasoning), ("refusal", message.get("refusal"))):
        if isinstance(text, str) and text:
            yield name, text
    calls = message.get("tool_calls")
    named = [("tool", call) for call in calls] if isinstance(calls, list) else []
    if isinstance(message.get("function_call"), dict):
        named.append(("function", {"function": message["function_call"]}))
    for position, (kind, call) in enumerate(named):
        inner = call.get("function", call.get("custom")) if isinstance(call, dict) else None
        if not isinstance(inner, dict):
            continue
        index = int_of(call.get("index"))
        for key in ("name", "arguments", "input"):
            if isinstance(text := inner.get(key), str) and text:
                yield f"{kind} {position if index is None else index} {key}", text


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: messages, tool schemas, the answer's format."""
    prompt = Prompt(system=[], tools=[], messages=[])
    for message in objects(body.get("messages")):
        role = message.get("role")
        texts = prompt.system if role in ("system", "developer") else prompt.messages
        prompt.messages_count += 1
        prompt.names_count += "name" in message
        texts += [value for key in ("role", "name") if isinstance(value := message.get(key), str)]
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
        for part in objects(content):
            texts += [value for key in ("text", "refusal") if isinstance(value := part.get(key), str)]
            prompt.media = prompt.media or part.get("type") not in ("text", "refusal", None)
        for call in objects(message.get("tool_calls")):
            texts += _call_texts(call)
    for schema in (*objects(body.get("tools")), *objects(body.get("functions"))):
        prompt.tools_count += 1
        prompt.tools.append(compact(schema.get("function", schema)))
    shape = body.get("response_format")
    if isinstance(shape, dict) and "json_schema" in shape:
        prompt.tools.append(compact(shape["json_schema"]))
    return prompt


def _call_texts(call: Mapping[str, Any]) -> Iterator[str]:
    inner = call.get("function", call.get("custom"))
    if isinstance(inner, dict):
        yield from (v for key in ("name", "arguments", "input") if isinstance(v := inner.get(key), str))


def openai_error(problem: Problem) -> bytes:
    """An error as OpenAI's clients read it, whichever of its protocols they speak."""
    return error_body(problem.message, problem.kind, problem.code, problem.param)


PROTOCOL: Final = Protocol(
    name="chat",
    path=re.compile(r"/chat/completions/?\Z"),
    read_request=read_request,
    meter=ChatMeter,
    read_prompt=read_prompt,
    error_body=openai_error,
    stream_options=True,
)
