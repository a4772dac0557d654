"""A CLI that has no adapter, brought along as its user would: by ``--agent-cmd`` and an image of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cab_runner import agents, images
from fakes.attempts_in_docker import assert_passed_and_metered, run_cell

pytestmark = [pytest.mark.docker, pytest.mark.agents, pytest.mark.acceptance]

NAME = "gptme"
FAKES = Path(__file__).parents[1] / "fakes"


@pytest.fixture(scope="module")
def image() -> str:
    """Its image, built once for each state of its Dockerfile."""
    return images.ensure(images.of_folder(FAKES, "unlisted_agent", name="test-unlisted"))


def test_it_has_no_adapter() -> None:
    assert NAME not in agents.names()


@pytest.mark.parametrize("task", ["mutations/python-comparator-swap", "polyglot/go-http-handler-fix"])
def test_it_solves_a_task_by_its_command_and_is_metered_exactly(
    image: str, tmp_path: Path, task: str
) -> None:
    cell, attempt = run_cell(
        tmp_path,
        *("--agent-cmd", f"{NAME} --non-interactive --tool-format tool --model local/{{model}} {{prompt}}"),
        *("--image", image),
        *("--agent-env", "OPENAI_BASE_URL={base_url}", "--agent-env", "OPENAI_API_KEY={token}"),
        *("--model", "oracle", "--task", task, "--endpoint", "sim"),
    )
    assert_passed_and_metered(cell, attempt)
    assert cell["identity"]["agent"] == NAME
    assert cell["identity"]["container_image"] == image
    assert cell["claim"] is None
