"""One measurement: wrk against a server, or the C++ loop."""
import dataclasses
import json
import os
import pathlib
import subprocess
import time

from models import WORK, Model
from servers import Server

SCRIPT = pathlib.Path(__file__).with_name("post.lua")


@dataclasses.dataclass
class Measurement:
    rate: float      # requests a second
    p50: float       # milliseconds
    p99: float       # milliseconds
    errors: int      # answers other than 2xx and 3xx, and socket errors
    cores: float     # processor time of the server over wall time
    busiest: float   # share of that time in its busiest process


def drive(server: Server, connections: int, seconds: float) -> Measurement:
    before, started = server.cpu_seconds(), time.perf_counter()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "60s", "-s", str(SCRIPT),
         f"http://127.0.0.1:{server.port}/service_output"],
        env={**os.environ, "BODY": str(server.body)}, capture_output=True, text=True)
    elapsed, after = time.perf_counter() - started, server.cpu_seconds()
    lines = [line for line in output.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(f"wrk failed against {server.name}: {output.stdout}{output.stderr}")
    result = json.loads(lines[0][7:])
    used = [after[process] - before.get(process, 0) for process in after]
    return Measurement(result["requests"] / result["seconds"], result["p50"], result["p99"], result["errors"],
                       sum(used) / elapsed, max(used, default=0) / (sum(used) or 1))


def loop(model: Model, threads: int, seconds: float) -> Measurement:
    output = subprocess.run([WORK / "loop", model.path, model.dtype, ",".join(map(str, model.shape)), str(threads),
                             str(seconds)], capture_output=True, text=True, check=True)
    result = json.loads(output.stdout)
    return Measurement(result["rate"], result["p50"], result["p99"], 0, threads, 1 / threads)
