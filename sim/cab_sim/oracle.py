"""What a scripted model answers to a request.

Each answer is decided from its request alone: how far a script has got is read off the conversation, so a
repeated request gets the same answer, and a restarted simulator goes on where it was. The ways, in
order: a shell or edit tool; aider's SEARCH/REPLACE blocks, or its listings of whole files; a fenced shell
block. A request that offers none of these (a title, a summary) gets a short text and disturbs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from cab_sim import blocks, shell, tools
from cab_sim.conversation import Answer, Request
from cab_sim.script import Edit, ModelScript

SHORT_TEXT: Final = "Make the requested change"
"""Answer to a request that gives no way to edit."""

_ROOT: Final = re.compile(
    r"(?:working (?:in the )?directory|workspace(?: root| folder| directory)*|\bcwd|root directory)(?: is)?"
    r"\W{1,8}?(?<!<)(/[^\s<>\"'`,;)]+)",
    re.IGNORECASE,
)
_LAST_COMMAND: Final = re.compile(r"finish your work by issuing the following command: `([^`\n]+)`")
"""How mini-swe-agent says that its work ends with a command: an answer without one it takes for a mistake."""
_FENCED: Final = re.compile(r"^```(?:bash|sh|shell)[ \t]*\n.*?^```", re.MULTILINE | re.DOTALL)
_FILES_ADDED: Final = "I added these files to the chat"
"""How aider starts the message after which it wants the blocks again: it has not applied them."""


def answer(request: Request, script: ModelScript) -> Answer:
    """The model's next answer."""
    if plan := tools.plan(request.tools, script, _told(request, _ROOT), _told(request, _LAST_COMMAND)):
        return _through_tools(request, script, plan)
    instructions = request.instructions
    if "SEARCH/REPLACE" in instructions:
        return _through_blocks(request, script, blocks.blocks)
    if "*file listing*" in instructions:
        return _through_blocks(request, script, blocks.listing)
    if "```bash" in instructions:
        return _through_fences(request, script)
    return Answer(text=SHORT_TEXT)


def _told(request: Request, pattern: re.Pattern[str]) -> str | None:
    told = (m.text for m in request.messages if m.role in {"system", "developer", "user"})
    found = (match for text in told if (match := pattern.search(text)))
    return next((match[1].rstrip(".:") for match in found), None)


def _through_tools(request: Request, script: ModelScript, plan: tools.ToolPlan) -> Answer:
    ours = {step.name for step in plan.steps}
    made = [call for m in request.messages if m.role == "assistant" for call in m.tool_calls]
    done = sum(call.name in ours for call in made)
    if done < len(plan.steps):
        return Answer(tool_call=plan.steps[done])
    return Answer(text=_last_words(script, plan.left_out))


def _through_blocks(request: Request, script: ModelScript, form: Callable[[Edit], str | None]) -> Answer:
    written = {edit.path: form(edit) for edit in script.edits}
    left_out = [path for path, text in written.items() if text is None]
    text = "\n".join(text for text in written.values() if text)
    said = [m.text for m in request.messages if m.role == "assistant"]
    asked = [m.text for m in request.messages if m.role == "user"]
    again = bool(asked) and asked[-1].startswith(_FILES_ADDED)
    if text and (again or not any(text.strip() in earlier for earlier in said)):
        return Answer(text=f"{_last_words(script, left_out)}\n\n{text}")
    return Answer(text=_last_words(script, left_out))


def _through_fences(request: Request, script: ModelScript) -> Answer:
    commands = [command for edit in script.edits for command in shell.commands(edit)]
    done = sum(m.role == "assistant" and _FENCED.search(m.text) is not None for m in request.messages)
    if done < len(commands):
        return Answer(text=f"```bash\n{commands[done]}\n```")
    return Answer(text=script.say)


def _last_words(script: ModelScript, left_out: Iterable[str]) -> str:
    paths = ", ".join(left_out)
    return f"{script.say}\n\nThis agent offers no way to make these changes: {paths}" if paths else script.say
