"""Measures Granary and its peers with the same models, bodies and load, taking turns in one run.

Best of the rounds a side. README.md says what each column means.
"""
import argparse
import dataclasses
import json
import os
import subprocess
import time

from load import drive, loop
from models import MODELS, ROOT, WORK
from report import HEAD, best, goals, rows
from servers import Server

SERVERS = ["granary", "ceiling", "fastapi", "quart"]


def parse():
    def names(known):
        def check(text):
            chosen = [name for name in text.split(",") if name]
            unknown = [name for name in chosen if name not in known]
            if unknown:
                raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: expected some of {', '.join(known)}")
            return chosen
        return check

    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--models", type=names(list(MODELS)), default=list(MODELS), help="default: " + ",".join(MODELS))
    parser.add_argument("--peers", type=names([*SERVERS[1:], "cpp"]), default=[*SERVERS[1:], "cpp"],
                        help="default: ceiling,fastapi,quart,cpp")
    parser.add_argument("--connections", type=lambda text: [int(part) for part in text.split(",")], default=[1, 8, 32],
                        help="default: 1,8,32")
    parser.add_argument("--seconds", type=float, default=4, help="length of one measurement (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements a side, taking turns (default 3)")
    parser.add_argument("--starts", type=int, default=3, help="cold starts a side, the best counts (default 3)")
    parser.add_argument("--no-granary", action="store_true", help="measure the peers alone")
    return parser.parse_args()


def check_answers(servers):
    """A bench of wrong answers is none: every server must give the same numbers."""
    first = servers[0]
    for server in servers[1:]:
        same = len(server.answer) == len(first.answer) and all(
            abs(a - b) <= 1e-4 * max(1, abs(a)) for a, b in zip(first.answer, server.answer))
        if not same:
            raise SystemExit(f"{server.name} answers {server.answer[:4]}…, {first.name} {first.answer[:4]}…")


def start(name, model, times):
    """Starts a server several times, the last one to stay; its cold start is the best of them."""
    best_start = float("inf")
    for turn in range(times):
        server = Server(name, model)
        best_start = min(best_start, server.cold_start)
        if turn < times - 1:
            server.stop()
    server.cold_start = best_start
    return server


def measure(model, options):
    servers, results = [], {}
    try:
        for name in (SERVERS[1:] if options.no_granary else SERVERS):
            if name == "granary" or name in options.peers:
                servers.append(start(name, model, options.starts))
        check_answers(servers)
        sizes = ", ".join(f"{server.name} {server.body.stat().st_size:,}" for server in servers)
        print(f"\n{model.name}: {model.dtype} {list(model.shape)}; bytes of a body: {sizes}")
        for server in servers:
            drive(server, 8, min(2.0, options.seconds))  # compilers, caches and pools get warm
        print(HEAD, flush=True)
        for connections in options.connections:
            rounds = {server.name: [] for server in servers}
            for _ in range(options.rounds):
                for server in servers:
                    rounds[server.name].append(drive(server, connections, options.seconds))
            results[connections] = rounds
            print("\n".join(rows(connections, rounds)), flush=True)
        memory = {server.name: server.memory_mb() for server in servers}
        cold = {server.name: server.cold_start for server in servers}
    finally:
        for server in servers:
            server.stop()
    print("       resident MB after the load: " + ", ".join(f"{name} {value:.0f}" for name, value in memory.items()))
    print("       s from start to first answer: " + ", ".join(f"{name} {value:.2f}" for name, value in cold.items()))
    limit = None
    if "cpp" in options.peers:
        threads = os.cpu_count()
        limit = max((loop(model, threads, options.seconds) for _ in range(options.rounds)), key=lambda each: each.rate)
        share = f"; granary's best is {max(best(r['granary']).rate for r in results.values()) / limit.rate:.0%} of it" \
            if not options.no_granary else ""
        print(f"       C++ loop, {threads} threads, no HTTP: {limit.rate:,.0f} calls/s, p50 {limit.p50:.4f} ms{share}")
    return results, memory, cold, limit


def machine():
    """What the figures were measured on."""
    def first(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip().splitlines()[0]
        except (OSError, IndexError):
            return "unknown"
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {"cpu": cpu, "cores": os.cpu_count(), "load": os.getloadavg()[0], "commit": first("git", "rev-parse", "--short", "HEAD"),
            "dotnet": first("dotnet", "--version"), "date": time.strftime("%Y-%m-%d %H:%M"),
            "threads": {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}}


def main():
    options = parse()
    WORK.mkdir(parents=True, exist_ok=True)
    facts = machine()
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    if facts["load"] > 0.5:
        print("The machine is busy with other work: take no figure of this run for granted.")
    kept, lines = {"machine": facts, "models": {}}, []
    for name in options.models:
        model = MODELS[name]
        model.prepare()
        results, memory, cold, limit = measure(model, options)
        lines += goals(name, results, memory, cold)
        kept["models"][name] = {
            "results": {connections: {server: [dataclasses.asdict(each) for each in rounds]
                                      for server, rounds in by_server.items()}
                        for connections, by_server in results.items()},
            "memory_mb": memory, "cold_start_s": cold, "cpp": limit and dataclasses.asdict(limit)}
    if lines:
        print("\ngoals")
        for what, measured, goal, met in lines:
            print(f"  {'met ' if met else 'MISS'}  {what}: {measured} ({goal})")
    (WORK / "results.json").write_text(json.dumps(kept, indent=1))
    print(f"\nall figures: {WORK / 'results.json'}")


if __name__ == "__main__":
    main()
