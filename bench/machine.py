"""What a result was measured on, for the benches that store one."""
import json
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECKON = ROOT / "build/release/reckon"


def output(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout


def machine():
    facts = {"system": platform.platform(), "cores": os.cpu_count(), "cores used": len(os.sched_getaffinity(0))}
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            facts["cpu"] = line.split(":")[1].strip()
            break
    for line in open("/proc/meminfo"):
        if line.startswith("MemTotal"):
            facts["memory_gib"] = round(int(line.split()[1]) / 2**20, 1)
    facts["reckon"] = json.loads(output(RECKON, "version", "--json"))
    return facts


def tools():
    """The folder of llama-server and llama-batched-bench of the same build."""
    return pathlib.Path(output(ROOT / "tools/build-llama", "--tools").strip()) / "bin"
