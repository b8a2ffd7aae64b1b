"""The machine and the versions that measured figures belong to."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from w2vplus import _sgd
from w2vplus.bench import peer_classes


def environment(peers: Sequence[str] = ("gensim",)) -> dict[str, str]:
    """Versions of the peers, numpy and Python; the kernel in use, the processor, the system, the load as it is now."""
    facts = {peer.name: peer().version() for peer in peer_classes(peers)}
    facts["kernel"] = _sgd.KERNEL
    facts["numpy"] = version("numpy")
    facts["python"] = platform.python_version()
    facts["cpu"] = cpu_name()
    facts["cpus"] = str(os.cpu_count())
    facts["system"] = f"{platform.system()} {platform.release()}"
    if hasattr(os, "getloadavg"):
        facts["load"] = f"{os.getloadavg()[0]:.1f}"
    return facts


def is_busy() -> bool:
    """Whether other work keeps a good part of the machine busy, so that no figure can be trusted."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1)


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, as Linux tells it in a file, with the numbers of its design, since virtual machines may
    hide the rest and 64-bit ARM has no name; where there is no such file, what Python knows."""
    fields: dict[str, str] = {}
    for line in cpuinfo.read_text().splitlines() if cpuinfo.is_file() else ():
        field, _, value = line.partition(":")
        fields.setdefault(field.strip(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    numbers = (("family", "cpu family"), ("model", "model"), ("implementer", "CPU implementer"), ("part", "CPU part"))
    known = ", ".join(f"{short} {fields[field]}" for short, field in numbers if fields.get(field))
    return f"{name} ({known})" if known else name
