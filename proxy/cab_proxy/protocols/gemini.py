"""Google's generateContent, of the Gemini API and of Vertex AI, and its embeddings. The model is in the path.

A stream is events with ``?alt=sse``, else one JSON array that comes element by element; an element, like a
plain response, is a GenerateContentResponse. There is no end event: a stream has *ended* while the last
that was heard of every candidate is a finish reason. One in the middle is possible, after a tool that Google
itself runs (https://github.com/0xPlaygrounds/rig/pull/2328): what comes behind it opens the candidate again.

Fields: ``types.py`` of google-genai 3.4.0 on PyPI, ``GenerateContentResponse`` and its parts; errors
``errors.py`` there and https://google.aip.dev/193. ``usageMetadata`` holds running totals in every chunk, so
no two are alike and each is read as JSON; the last one counts. A zero is left out (JSON of protocol
buffers). ``totalTokenCount`` is the sum of prompt, candidates, tool use and thoughts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import unquote

from ..errors import Problem
from ..jsonbody import float_of, int_of, text_of
from ..records import Params, Tokens
from .base import Asked, Prompt, Protocol, compact, count_of, length_of, object_of, objects
from .embeddings import VectorsMeter
from .meter import MAX_CHOICES, ChoicesMeter, Meter
from .sse import SseEvent

_PATH: Final = re.compile(
    r"/(?P<kind>models|tunedModels|endpoints)/(?P<name>[^/:]+)(?::|%3[Aa])"
    r"(?P<method>generateContent|streamGenerateContent|embedContent|batchEmbedContents)\Z"
)

_EMBEDS: Final = frozenset({"embedContent", "batchEmbedContents"})

_COUNTS: Final = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "totalTokenCount",
    "cachedContentTokenCount",
)

_STATUS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    507: "RESOURCE_EXHAUSTED",
}
"""Names of google.rpc.Code for HTTP statuses; any other is ``INTERNAL``."""


def read_request(value: Mapping[str, Any], path: str) -> Asked:
    """The facts of a request; unknown ones where they make no sense."""
    match = _PATH.search(path)
    kind, name, method = match.groups() if match else ("models", "", "")
    if not name:
        model = None
    elif kind == "models":
        model = unquote(name)[:512]
    else:
        model = f"{kind}/{unquote(name)}"[:512]
    config = object_of(_field(value, "generationConfig"))
    thinking = object_of(_field(config, "thinkingConfig"))
    budget = int_of(_field(thinking, "thinkingBudget"))
    effort = text_of(_field(thinking, "thinkingLevel"), 64)
    choices = max(1, min(int_of(_field(config, "candidateCount")) or 1, MAX_CHOICES))
    tools = value.get("tools")
    return Asked(
        model=model,
        stream=method == "streamGenerateContent",
        include_usage=True,
        choices=0 if method in _EMBEDS else choices,
        params=Params(
            temperature=float_of(config.get("temperature")),
            top_p=float_of(_field(config, "topP")),
            seed=int_of(config.get("seed")),
            max_tokens=int_of(_field(config, "maxOutputTokens")),
            reasoning_effort=effort if effort or budget is None else str(budget),
            tools_count=sum(1 for _ in _tools(tools)) if isinstance(tools, list) else None,
            messages_count=length_of(value.get("contents")),
        ),
    )


class GeminiMeter(ChoicesMeter):
    """Reads one response."""

    STREAMS_JSON: ClassVar[bool] = True
    _calls = 0
    """Function calls that have begun."""

    def _read_plain(self, body: bytearray) -> None:
        frame = self._parse(body)
        if frame is not None:
            self._read_frame(frame)
            self._ended = True

    def _read_event(self, event: SseEvent) -> None:
        frame = self._parse(event.data)
        if frame is not None:
            self._read_frame(frame)

    def _read_frame(self, frame: Mapping[str, Any]) -> None:
        facts = self._facts
        if error := frame.get("error"):
            facts.in_band_error = True
            facts.error_code = facts.error_code or _code_of(error)
        if facts.model is None:
            facts.model = text_of(frame.get("modelVersion")) or None
        if facts.response_id is None:
            facts.response_id = text_of(frame.get("responseId")) or None
        candidates = frame.get("candidates")
        for position, candidate in enumerate(candidates if isinstance(candidates, list) else ()):
            if isinstance(candidate, dict):
                self._read_candidate(candidate, position)
        blocked = object_of(frame.get("promptFeedback")).get("blockReason")
        if isinstance(blocked, str) and blocked and not self._seen:
            # there will be no candidate
            self._finished = dict.fromkeys(range(self._asked), blocked[:64])
        self._ended = self._all_finished()
        usage = frame.get("usageMetadata")
        if isinstance(usage, dict) and usage:
            self._read_usage(usage)

    def _read_candidate(self, candidate: Mapping[str, Any], position: int) -> None:
        index = int_of(candidate.get("index"))
        index = position if index is None else index
        if not self._sees(index):
            return
        for part in objects(object_of(candidate.get("content")).get("parts")):
            self._read_part(index, part)
        reason = candidate.get("finishReason")
        if isinstance(reason, str) and reason:
            self._finished[index] = reason[:64]
        else:
            self._finished.pop(index, None)

    def _read_part(self, index: int, part: Mapping[str, Any]) -> None:
        text = part.get("text")
        if isinstance(text, str) and text:
            self._say((index, "thought" if part.get("thought") is True else "text"), text)
        code = object_of(part.get("executableCode")).get("code")
        if isinstance(code, str) and code:
            self._say((index, "code"), code)
        call = object_of(part.get("functionCall"))
        self._calls += bool(call.get("name"))
        for text in _call_texts(call):
            self._say((index, "call", self._calls), text)

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return _tokens(usage)

    def _is_zero(self, usage: dict[str, Any]) -> bool:
        return not any(usage.get(name) for name in _COUNTS)


class GeminiVectorsMeter(VectorsMeter):
    """Reads one response of embedContent or batchEmbedContents, where Vertex AI tells its usage."""

    def _read_frame(self, frame: Mapping[str, Any]) -> None:
        super()._read_frame(frame)
        self._facts.error_code = _code_of(frame.get("error"))

    def _usage_in(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        return dict(object_of(frame.get("usageMetadata")))

    def _normalise(self, usage: dict[str, Any]) -> Tokens:
        return _tokens(usage)


def _meter(request: Asked, content_type: str, content_encoding: str = "") -> Meter:
    kind = GeminiMeter if request.choices else GeminiVectorsMeter
    return kind(request, content_type, content_encoding)


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    """Input with the results of tools, output with thoughts.

    Candidates may include the thoughts already: the total tells
    (litellm, ``is_candidate_token_count_inclusive`` in its Vertex AI transformation).
    """
    prompt, output, thoughts, total, cached = (count_of(usage.get(name)) for name in _COUNTS)
    if prompt is not None:
        prompt += count_of(usage.get("toolUsePromptTokenCount")) or 0
    if output is not None and thoughts and (prompt is None or total != prompt + output):
        output += thoughts
    elif output is None and prompt is not None and total is not None and total >= prompt:
        output = total - prompt  # of a zero that was left out, the total tells
    return Tokens(
        input=prompt,
        cached=cached,
        output=output,
        reasoning=thoughts,
        total=None if prompt is None or output is None else prompt + output,
    )


def _code_of(error: object) -> str | None:
    """Google's name for an error."""
    return text_of(object_of(error).get("status"), 64) or None


def _field(value: Mapping[str, Any], name: str) -> object:
    """A field by its name in JSON or in the protocol buffer, both of which requests may use."""
    found = value.get(name)
    return value.get(re.sub("[A-Z]", lambda m: "_" + m[0].lower(), name)) if found is None else found


def _tools(tools: object) -> Iterator[object]:
    """The functions that are declared, and the tools that Google runs."""
    for tool in objects(tools):
        for key, value in tool.items():
            if key in {"functionDeclarations", "function_declarations"}:
                yield from objects(value)
            else:
                yield {key: value}


def _call_texts(call: Mapping[str, Any]) -> Iterator[str]:
    """A function call's name and arguments; of a streamed one (Vertex AI), what this piece brings."""
    if isinstance(name := call.get("name"), str) and name:
        yield name
    if args := call.get("args"):
        yield compact(args)
    for piece in objects(_field(call, "partialArgs")):
        values = (_field(piece, key) for key in ("stringValue", "numberValue", "boolValue"))
        yield from (
            value if isinstance(value, str) else compact(value) for value in values if value is not None
        )


def read_prompt(body: Mapping[str, Any]) -> Prompt:
    """The texts of a request: contents, tool schemas, the answer's schema."""
    prompt = Prompt(system=[], tools=[], messages=[])
    prompt.system += _texts_of(_field(body, "systemInstruction"), prompt)
    requests = [body, *objects(body.get("requests"))]  # several, of batchEmbedContents
    for content in (request.get(key) for request in requests for key in ("contents", "content")):
        for one in content if isinstance(content, list) else (content,):
            if isinstance(one, dict):
                prompt.messages_count += 1
                prompt.messages += _texts_of(one, prompt)
    for tool in _tools(body.get("tools")):
        prompt.tools_count += 1
        prompt.tools.append(compact(tool))
    config = object_of(_field(body, "generationConfig"))
    for name in ("responseSchema", "responseJsonSchema"):
        if schema := _field(config, name):
            prompt.tools.append(compact(schema))
    prompt.stored = bool(_field(body, "cachedContent"))
    return prompt


def _texts_of(content: object, prompt: Prompt) -> Iterator[str]:
    """The texts of a content; ``prompt`` learns of media in it."""
    content = object_of(content)
    if isinstance(role := content.get("role"), str):
        yield role
    parts = content.get("parts")
    for part in objects(parts if isinstance(parts, list) else [parts]):
        if isinstance(text := part.get("text"), str):
            yield text
        yield from _call_texts(object_of(_field(part, "functionCall")))
        answer = object_of(_field(part, "functionResponse"))
        if isinstance(name := answer.get("name"), str):
            yield name
        if "response" in answer:
            yield compact(answer["response"])
        for name, key in (("executableCode", "code"), ("codeExecutionResult", "output")):
            if isinstance(text := object_of(_field(part, name)).get(key), str):
                yield text
        prompt.media = prompt.media or bool(_field(part, "inlineData") or _field(part, "fileData"))


def _error_body(problem: Problem) -> bytes:
    error = {
        "code": problem.status,
        "message": problem.message,
        "status": _STATUS.get(problem.status, "INTERNAL"),
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": problem.code.upper(),
                "domain": "cab-proxy",
            }
        ],
    }
    return json.dumps({"error": error}).encode()


PROTOCOL: Final = Protocol(
    name="gemini",
    path=_PATH,
    read_request=read_request,
    meter=_meter,
    read_prompt=read_prompt,
    aside=re.compile(r"/models/[^/:]+:countTokens\Z"),
    key_header="x-goog-api-key",
    error_body=_error_body,
)
"""``:countTokens`` is none of its paths: nothing is generated, nothing billed."""
