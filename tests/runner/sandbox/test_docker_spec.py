from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from cab_runner.sandbox import docker_spec, kit
from cab_runner.sandbox.base import Folders, Job, Limits, OwnImage

FOLDERS = Folders(workspace=Path("/s/w"), home=Path("/s/h"), tests=Path("/s/t"), logs=Path("/s/l"))
AGENT = Job(
    name="run-1",
    role="agent",
    command=("agent",),
    env={"A": "b"},
    layout=kit.fixed_layout("python3", "user:1:1"),
    folders=FOLDERS,
    limits=Limits(wall_s=1.0, memory_bytes=1000, processes=7, disk_bytes=300, cpus=1.5),
    image="cab/x:1",
)
FILES = kit.Kit(
    Path("/s/k/inside"),
    Path("/s/k/passwd"),
    Path("/s/k/group"),
    Path("/s/k/nsswitch.conf"),
    Path("/s/k/hosts"),
    Path("/s/k/resolv.conf"),
)


def mounts(spec: docker_spec.Spec) -> dict[str, tuple[str, bool]]:
    return {m["Target"]: (m["Source"], bool(m.get("ReadOnly"))) for m in spec.host["mounts"]}


def assert_confined(spec: docker_spec.Spec) -> None:
    host: dict[str, Any] = dict(spec.host)
    assert host["cap_drop"] == ["ALL"]
    assert host["security_opt"] == ["no-new-privileges"]
    assert not host.get("privileged")
    assert host["log_config"]["Type"] == "none"
    assert spec.config["use_config_proxy"] is False
    assert spec.config["labels"][docker_spec.LABEL_RUN] == "run-1"


def test_the_holder_has_the_socket_a_list_to_write_and_no_network() -> None:
    spec = docker_spec.holder(AGENT, FILES, Path("/s/door.sock"), (5, 6), Path("/s/lookups"))
    assert_confined(spec)
    assert (spec.host["network_mode"], spec.host["read_only"], spec.config["user"]) == ("none", True, "5:6")
    assert mounts(spec) == {
        "/opt/cab/inside": ("/s/k/inside", True),
        "/run/cab/door.sock": ("/s/door.sock", True),
        "/run/cab/lookups": ("/s/lookups", False),
    }
    assert "cap_add" not in spec.host


def test_an_agent_is_a_plain_user_in_a_read_only_root() -> None:
    spec = docker_spec.program(AGENT, FILES, (65532, 65532), "container:h", "/cab-parent")
    assert_confined(spec)
    assert (spec.host["network_mode"], spec.host["read_only"]) == ("container:h", True)
    assert (spec.config["user"], spec.config["entrypoint"]) == ("65532:65532", ["agent"])
    assert "cap_add" not in spec.host
    assert spec.host["mem_limit"] == spec.host["memswap_limit"] == 1000
    assert (spec.host["pids_limit"], spec.host["nano_cpus"]) == (7, 1_500_000_000)
    assert spec.host["cgroup_parent"] == "/cab-parent"
    assert all("size=300" in options for options in spec.host["tmpfs"].values())
    writable = {target for target, (_, read_only) in mounts(spec).items() if not read_only}
    assert writable == {"/workspace", "/home/cab"}
    assert not {"/run/cab/door.sock", "/run/cab/lookups"} & mounts(spec).keys(), (
        "they are in the holder alone"
    )
    assert mounts(spec)["/etc/resolv.conf"] == ("/s/k/resolv.conf", True)
    assert "hostname" not in spec.config, "Docker refuses one in a network that is another's"


def test_a_grader_is_root_with_few_capabilities_and_no_mounted_tests_or_logs() -> None:
    spec = docker_spec.program(replace(AGENT, role="grader"), FILES, (65532, 65532), "none", None)
    assert_confined(spec)
    assert spec.config["user"] == "0:0"
    assert set(spec.host["cap_add"]) == {"SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE"}
    assert not {"/tests", "/logs"} & mounts(spec).keys()
    assert "cgroup_parent" not in spec.host


def test_giving_back_has_only_what_chown_needs() -> None:
    spec = docker_spec.give(AGENT, "cab/x:1", "1000:1000")
    assert_confined(spec)
    assert spec.host["network_mode"] == "none"
    assert spec.config["entrypoint"] == ["chown", "-R", "-h", "1000:1000", "/workspace", "/home/cab"]
    assert "DAC_READ_SEARCH" not in spec.host["cap_add"], "an image's own chown could open any file by handle"


def test_mechanisms_are_what_the_engine_says() -> None:
    able = {"MemoryLimit": True, "PidsLimit": True, "CpuCfsQuota": True}
    limits = AGENT.limits
    assert docker_spec.mechanisms(limits, {**able, "CgroupVersion": "2"})["memory"] == "cgroup v2"
    v1 = docker_spec.mechanisms(limits, able)
    assert (v1["memory"], v1["processes"], v1["cpus"], v1["disk"]) == ("cgroup v1",) * 3 + ("watchdog",)
    assert docker_spec.mechanisms(limits, {})["memory"] == "none"
    assert "cpus" not in docker_spec.mechanisms(replace(limits, cpus=None), able)
    assert "agent" not in v1
    assert docker_spec.mechanisms(replace(limits, agent_s=1.0), able)["agent"] == "watchdog"


def test_the_door_is_held_in_another_image_where_one_is_named() -> None:
    foreign = replace(AGENT, image="foreign:1", door_image="cab/python:1")
    held = docker_spec.holder(foreign, FILES, Path("/s/door"), (0, 0), Path("/s/lookups"))
    assert held.config["image"] == "cab/python:1"
    assert docker_spec.program(foreign, FILES, (1, 1), "container:h", None).config["image"] == "foreign:1"


OWN = replace(
    AGENT,
    own_image=OwnImage(workdir="/app", user="dev", read_only={"/opt/cab/agent": Path("/cache/x")}),
)


def test_an_image_that_a_task_brought_along_keeps_its_root_and_its_users() -> None:
    spec = docker_spec.program(OWN, FILES, (1000, 1000), "container:holder", None)
    assert spec.config["user"] == "dev"
    assert spec.config["working_dir"] == "/app"
    assert "read_only" not in spec.host
    assert "tmpfs" not in spec.host
    assert mounts(spec)["/app"] == ("/s/w", False)
    assert mounts(spec)["/opt/cab/agent"] == ("/cache/x", True)
    assert "/etc/passwd" not in mounts(spec)


def test_root_there_has_nothing_that_reaches_the_host() -> None:
    spec = docker_spec.program(OWN, FILES, (1000, 1000), "none", None)
    assert_confined(spec)
    assert not {"MKNOD", "SETFCAP", "NET_RAW", "SYS_ADMIN", "SYS_PTRACE"} & set(spec.host["cap_add"])


def test_only_a_grader_for_which_the_user_said_so_has_a_network() -> None:
    grader = replace(OWN, role="grader")
    assert docker_spec.program(grader, FILES, (1000, 1000), "none", None).host["network_mode"] == "none"
    open_ = replace(grader, own_image=OwnImage(workdir="/app", internet=True))
    spec = docker_spec.program(open_, FILES, (1000, 1000), "none", None)
    assert spec.host["network_mode"] == "bridge"
    assert "user" not in spec.config, "the image's own"
    assert set(mounts(spec)) == {"/app"}, "no HOME, tools or name server of ours"
