#!/usr/bin/env python3
"""Granary against torch-serving's own binaries, in turns, over the same bodies at the same number of connections.

    compare.py PEER [PEER …] [--seconds 3] [--rounds 3] [--connections 8]

PEER is what build.sh made. Granary must be built (./run --once). Prints requests a second and processor time a request; the latter
also holds where other work is on the machine.
"""
import argparse
import json
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples" / "models"
API = ROOT / "Api" / "bin" / "Release" / "net10.0"
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def bodies(folder):
    source = random.Random(1)
    values = {
        "california_housing.pt": {"type": "tensor", "shape": [1, 8], "data_type": "float64", "value": [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]},
        "cifar.pt": {"type": "tensor", "shape": [1, 3, 32, 32], "value": [source.random() for _ in range(3072)]},
    }
    for model, value in values.items():
        (folder / model).write_text(json.dumps([value]))
    return list(values)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command, folder):
    port = free_port()
    process = subprocess.Popen([part.replace("PORT", str(port)) for part in command], cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=2).read()
            return port, process
        except OSError:
            time.sleep(0.2)
    process.kill()
    raise SystemExit(f"{command[0]} does not answer")


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port, process, model, folder, options):
    before = processor_seconds(process)
    printed = subprocess.run(
        ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "--latency", "-s", ROOT / "bench" / "harness" / "post.lua",
         f"http://127.0.0.1:{port}/serve?servable_identifier={model}"],
        env=dict(os.environ, BODY=str(folder / model)), capture_output=True, text=True).stdout
    if process.poll() is not None:
        raise SystemExit(f"a server ended with {process.returncode} under load")
    figures = json.loads(next(line for line in printed.splitlines() if line.startswith("RESULT"))[len("RESULT "):])
    figures["rate"] = figures["requests"] / figures["seconds"]
    figures["microseconds"] = (processor_seconds(process) - before) / max(figures["requests"], 1) * 1e6
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peers", nargs="+")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = bodies(folder)
        servers = {pathlib.Path(peer).name: start([os.path.realpath(peer), "--host", "127.0.0.1", "--port", "PORT"], SAMPLES) for peer in options.peers}
        servers["granary"] = start([str(API / "Granary.Api"), "--bind", "127.0.0.1:PORT", f"--local-root={SAMPLES}", f"--data-dir={folder}/catalog", f"--cache-dir={folder}/weights"], API)
        try:
            for model in models:
                best = {}
                # Just-in-time compilers on both sides are done then.
                for port, process in servers.values():
                    load(port, process, model, folder, options)
                for _ in range(options.rounds):
                    for server, (port, process) in servers.items():
                        figures = load(port, process, model, folder, options)
                        print(f"{model:22} {server:24} {figures['rate']:8.0f}/s {figures['microseconds']:6.0f} us/request  p50 {figures['p50']} ms  p99 {figures['p99']} ms  errors {figures['errors']}", flush=True)
                        rate, cost = best.get(server, (0, 1e9))
                        best[server] = (max(rate, figures["rate"]), min(cost, figures["microseconds"]))
                rate, cost = best["granary"]
                del best["granary"]
                for server, (other, time_of_it) in best.items():
                    print(f"{model:22} granary / {server}: {rate / other:.1f} times the rate, {time_of_it / cost:.1f} times fewer processor seconds", flush=True)
        finally:
            for _, process in servers.values():
                process.terminate()


main()
