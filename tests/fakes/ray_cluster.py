"""A Ray cluster of several nodes on this machine, in a process of its own: its warnings are not the suite's.

The program starts a node without sandboxes and one for each of its arguments, the resources in JSON. It says
where, and kills a node for each line with its number.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    address: str
    process: subprocess.Popen[str]

    def kill(self, number: int) -> None:
        """A node is gone, without a word."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "killed\n"


@contextmanager
def cluster(*nodes: dict[str, float]) -> Iterator[Cluster]:
    command = [sys.executable, __file__, *map(json.dumps, nodes)]
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CAB_", "RAY_"))}
    with subprocess.Popen(
        command, env=env | quiet, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        yield Cluster(process.stdout.readline().strip(), process)
        process.stdin.close()


def main() -> None:
    from ray.cluster_utils import Cluster as RayCluster  # noqa: PLC0415  # of an extra

    small = {"num_cpus": 0, "object_store_memory": 100 * 2**20}
    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000}
    made = RayCluster(
        initialize_head=True, head_node_args={**small, "include_dashboard": False, "_system_config": quick}
    )
    nodes = [made.add_node(**small, resources=json.loads(each)) for each in sys.argv[1:]]
    _say(made.address)
    for line in sys.stdin:
        made.remove_node(nodes[int(line)], allow_graceful=False)
        _say("killed")
    made.shutdown()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
