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
    """Versions of the peers, the kernel in use, the processor, and the load as measuring begins."""
    facts = {peer.name: peer().version() for peer in peer_classes(peers)}
    facts["kernel"] = _sgd.KERNEL
    facts["numpy"] = version("numpy")
    facts["python"] = platform.python_version()
    facts["cpu"] = _cpu_name()
    facts["cpus"] = str(os.cpu_count())
    facts["system"] = f"{platform.system()} {platform.release()}"
    if hasattr(os, "getloadavg"):
        facts["load"] = f"{os.getloadavg()[0]:.1f}"
    return facts


def is_busy() -> bool:
    """Whether other work keeps a good part of the machine busy, so that no figure can be trusted."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.5 * (os.cpu_count() or 1)


def _cpu_name() -> str:
    """The processor's name, as Linux knows it, with family and model, since virtual machines may hide the rest;
    elsewhere what Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.is_file():
        return platform.processor() or platform.machine()
    fields: dict[str, str] = {}
    for line in cpuinfo.read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    numbers = (("family", "cpu family"), ("model", "model"))
    known = [f"{short} {fields[field]}" for short, field in numbers if field in fields]
    name = fields.get("model name") or platform.processor() or platform.machine()
    return f"{name} ({', '.join(known)})" if known else name
