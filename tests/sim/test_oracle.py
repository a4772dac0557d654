"""Conversations, turn by turn: what the oracle answers to what it is offered."""

from cab_sim.conversation import Answer, Message, Request, Tool, ToolCall
from cab_sim.oracle import SHORT_TEXT, answer
from cab_sim.script import NULL_MODEL, Edit, ModelScript

FIX = Edit(path="a.py", before="x\n", after="y\n")
ADD = Edit(path="b.py", before=None, after="z\n")
SCRIPT = ModelScript(edits=(FIX, ADD), say="All done.")
BASH = Tool(
    name="bash", description="", properties={"command": {"type": "string"}}, required=frozenset(), source=""
)
WRITE = Tool(
    name="write",
    description="",
    properties={"path": {"type": "string"}, "content": {"type": "string"}},
    required=frozenset({"path"}),
    source="",
)


def system(text: str) -> Message:
    return Message(role="system", text=text)


def user(text: str) -> Message:
    return Message(role="user", text=text)


def said(what: Answer) -> Message:
    return Message(role="assistant", text=what.text, tool_calls=(what.tool_call,) if what.tool_call else ())


def ask(*messages: Message, tools: tuple[Tool, ...] = (), script: ModelScript = SCRIPT) -> Answer:
    return answer(Request(model="oracle", messages=messages, tools=tools), script)


def test_through_a_shell_one_call_a_turn() -> None:
    talk = [system("You are an agent."), user("Fix a.py")]
    first = ask(*talk, tools=(BASH,))
    assert first.tool_call is not None
    assert "a.py" in first.tool_call.arguments
    assert ask(*talk, tools=(BASH,)) == first, "a repeated request gets the same answer"
    talk += [said(first), Message(role="tool", text="")]
    second = ask(*talk, tools=(BASH,))
    assert second.tool_call is not None
    assert "b.py" in second.tool_call.arguments
    talk += [said(second), Message(role="tool", text="")]
    assert ask(*talk, tools=(BASH,)) == Answer(text="All done.")


def test_work_that_ends_with_a_command_ends_with_it() -> None:
    talk = [
        system("Helpful."),
        user("1. Fix a.py\n2. finish your work by issuing the following command: `echo END`."),
    ]
    fix = ModelScript(edits=(FIX,), say="All done.")
    talk += [said(ask(*talk, tools=(BASH,), script=fix)), Message(role="tool", text="")]
    last = ask(*talk, tools=(BASH,), script=fix)
    assert last.tool_call == ToolCall(name="bash", arguments='{"command": "echo END"}')
    talk += [said(last), Message(role="tool", text="END")]
    assert ask(*talk, tools=(BASH,), script=fix) == Answer(text="All done.")


def test_calls_of_other_tools_are_not_progress() -> None:
    other = Message(role="assistant", tool_calls=(ToolCall(name="think", arguments="{}"),))
    first = ask(user("Fix"), other, tools=(BASH,))
    assert first == ask(user("Fix"), tools=(BASH,))


def test_the_workspace_is_read_off_the_prompt() -> None:
    for text in (
        "<env>\n  Working directory: /work/my-task\n</env>",
        "Your current working directory is `/work/my-task`.",
        "cwd=/work/my-task, shell=bash",
        "Workspace root folder: /work/my-task\nIs git: yes",
        "I'm currently working in the directory: /work/my-task\nHere is its structure",
        "Keep notes out of the workspace.\n</tips>\n* Current working directory: /work/my-task",
    ):
        call = ask(system(text), user("Fix"), tools=(WRITE,)).tool_call
        assert call is not None
        assert '"/work/my-task/a.py"' in call.arguments


def test_search_replace_blocks_come_in_one_answer() -> None:
    talk = [system("Use *SEARCH/REPLACE block*s."), user("Fix a.py")]
    first = ask(*talk)
    assert first.tool_call is None
    assert first.text.count("<<<<<<< SEARCH") == 2
    assert first.text.startswith("All done.\n\na.py\n```\n")
    talk += [said(first)]
    again = [
        *talk,
        user("I added these files to the chat: a.py\nLet me know if there are others we should add."),
    ]
    assert ask(*again) == first, "aider has not applied the blocks yet"
    assert ask(*talk, user("ok")) == Answer(text="All done.")


def test_listings_of_whole_files_come_in_one_answer() -> None:
    talk = [system("You MUST use this *file listing* format:"), user("Fix a.py")]
    first = ask(*talk)
    assert first == Answer(text="All done.\n\na.py\n```\ny\n```\n\nb.py\n```\nz\n```\n")
    assert ask(*talk, said(first), user("ok")) == Answer(text="All done.")


def test_the_examples_of_a_prompt_are_not_progress() -> None:
    example = Message(role="assistant", text="q.py\n```\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n```\n")
    first = ask(system("Use *SEARCH/REPLACE block*s."), user("Do q"), example, user("Fix a.py"))
    assert "a.py" in first.text


def test_what_blocks_cannot_say_is_said() -> None:
    script = ModelScript(edits=(Edit(path="gone.py", before="x\n", after=None),), say="Bye.")
    got = ask(system("SEARCH/REPLACE"), user("Fix"), script=script)
    assert got.text == "Bye.\n\nThis agent offers no way to make these changes: gone.py"


def test_fenced_blocks_one_a_turn() -> None:
    talk = [system("Answer with one block:\n```bash\ncommands\n```"), user("Fix a.py")]
    for _ in SCRIPT.edits:
        got = ask(*talk)
        assert got.text.startswith("```bash\ncat > ")
        assert got.text.endswith("\n```")
        talk += [said(got), user("[exit code 0]")]
    assert ask(*talk) == Answer(text="All done.")


def test_a_title_or_a_summary_is_a_short_text() -> None:
    assert ask(system("You write titles."), user("Use SEARCH/REPLACE and ```bash blocks")) == Answer(
        text=SHORT_TEXT
    )


def test_null_ends_at_once() -> None:
    for tools, prompt in (((BASH,), "x"), ((WRITE,), "x"), ((), "SEARCH/REPLACE"), ((), "```bash")):
        got = ask(system(prompt), user("Fix"), tools=tools, script=NULL_MODEL)
        assert got == Answer(text=NULL_MODEL.say)
