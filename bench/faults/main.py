#!/usr/bin/env python3
"""Breaks a real cluster on loopback while it serves, and counts what callers saw.

Two silos and an API with PostgreSQL membership; a steady load of the California-housing request. One fault after the
other: kill -9 a silo, bring it back, stop one gracefully, add one, kill the API, stop PostgreSQL for a while. For each:
requests sent, failed, slowest, and how long until answers came again. Run it by bench/faults/run.
"""
import argparse
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BODY = json.dumps({"source": 1, "data": {"input": {"dtype": "double", "shape": [1, 8], "values": [
    [8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]]}}})
EXPECTED = 4.151943


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """A server of our own in a temporary folder."""

    def __init__(self, folder):
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.data, self.port = folder / "pg", free_port()
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, "postgres")
        self.call("initdb", "-D", self.data, "-A", "trust", "-U", "granary")
        self.start()
        self.call("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "granary", "granary")
        with open(ROOT / "infra/postgres/orleans.sql") as schema:
            self.call("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port, "-U", "granary", "granary", stdin=schema)

    @property
    def connection(self):
        return f"Host=127.0.0.1;Port={self.port};Database=granary;Username=granary"

    def call(self, program, *arguments, stdin=subprocess.DEVNULL):
        subprocess.run([*self.user, self.bin / program, *map(str, arguments)], check=True, stdin=stdin,
                       stdout=subprocess.DEVNULL, cwd="/")

    def start(self):
        self.call("pg_ctl", "-D", self.data, "-w", "-l", self.data / "log", "-o",
                  f"-p {self.port} -k {self.data} -c listen_addresses=127.0.0.1", "start")

    def stop(self):
        self.call("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")


class Process:
    def __init__(self, name, program, arguments, log, variables=None):
        self.name, self.log = name, log
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(variables or {})}
        self.process = subprocess.Popen(["dotnet", str(program), *arguments], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=open(log, "ab"), stderr=subprocess.STDOUT)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=70):
        return self.process.wait(seconds)


class Cluster:
    def __init__(self, folder, postgres):
        self.folder, self.postgres, self.silos, self.api = folder, postgres, {}, None
        self.api_port = free_port()

    def orleans(self):
        return ["--Orleans:ClusterId=faults", "--Orleans:ServiceId=granary", "--Orleans:Clustering:ProviderType=AdoNet",
                "--Orleans:Clustering:Invariant=Npgsql", f"--Orleans:Clustering:ConnectionString={self.postgres.connection}"]

    def start_silo(self, name):
        health = free_port()
        silo = Process(name, ROOT / "Silo/bin/Release/net10.0/Granary.Silo.dll", [
            *self.orleans(), "--Orleans:GrainStorage:catalog:ProviderType=AdoNet", "--Orleans:GrainStorage:catalog:Invariant=Npgsql",
            f"--Orleans:GrainStorage:catalog:ConnectionString={self.postgres.connection}",
            "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", f"--Orleans:Endpoints:SiloPort={free_port()}",
            f"--Orleans:Endpoints:GatewayPort={free_port()}", f"--Orleans:Name={name}",
            f"--Granary:Silo:HealthBind=127.0.0.1:{health}", f"--Granary:LocalSource:Roots:0={ROOT / 'samples/models'}",
            f"--Granary:Weights:Directory={self.folder / (name + '-weights')}"], self.folder / f"{name}.log")
        silo.health = health
        self.silos[name] = silo
        until(lambda: get(health, "/health/startup") == 200, 60, f"{name} has joined")
        return silo

    def start_api(self):
        model = ROOT / "samples/models/california_housing.pt"
        self.api = Process("api", ROOT / "Api/bin/Release/net10.0/Granary.Api.dll", [
            f"--bind=127.0.0.1:{self.api_port}", "--Cluster:Mode=Orleans", *self.orleans()], self.folder / "api.log",
            {"MODEL_SOURCE": "0", "LOAD_ARGS": json.dumps({"path": str(model)})})
        until(lambda: get(self.api_port, "/health/ready") == 200, 60, "the API is ready")

    def holder(self):
        """The silo that holds the model now."""
        status, body = get(self.api_port, "/admin/models/default", body=True)
        return status, body

    def stop(self):
        for process in [self.api, *self.silos.values()]:
            if process and process.process.poll() is None:
                process.process.kill()


def get(port, path, body=False):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return (response.status, text) if body else response.status
    except OSError:
        return (0, "") if body else 0


def until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


class Load:
    """Closed loops with a pause; remembers every request's start, duration and whether its answer was right."""

    def __init__(self, port, callers, pause):
        self.port, self.pause, self.samples, self.running, self.waiting = port, pause, [], True, {}
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(callers)]
        for thread in self.threads:
            thread.start()

    def run(self):
        connection = None
        while self.running:
            started = self.waiting[threading.get_ident()] = time.monotonic()
            reason = None
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/service_output", BODY, {"Content-Type": "application/json"})
                response = connection.getresponse()
                text = response.read().decode()
                if response.status != 200:
                    reason = f"{response.status} {json.loads(text).get('description', '')}"
                elif abs(json.loads(text)["values"][0] - EXPECTED) > 1e-5:
                    reason = f"wrong answer {text}"
            except Exception as error:
                reason, connection = type(error).__name__, None
            self.samples.append((started, time.monotonic() - started, reason))
            time.sleep(self.pause if reason is None else max(self.pause, 0.05))

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join(70)


def report(name, load, at, seconds):
    samples = list(load.samples)
    late = [time.monotonic() - started for started in load.waiting.values() if time.monotonic() - started > 2]
    if late:
        print(f"|   | {len(late)} still waiting after {max(late):.0f} s |", flush=True)
    window = [s for s in samples if at - 1 <= s[0] < at + seconds]
    failed = [s for s in window if s[2]]
    # Whole again: from the fault until the last request that failed or took over a second had ended.
    bad = [s[0] + s[1] - at for s in window if s[0] + s[1] >= at and (s[2] or s[1] > 1)]
    slowest = max((s[1] for s in window), default=0)
    print(f"| {name} | {len(window)} | {len(failed)} | {sum(1 for s in window if s[1] > 1)} | {slowest * 1000:,.0f} | {max(bad, default=0):.1f} |", flush=True)
    for reason in sorted({s[2] for s in failed})[:3]:
        print(f"|   | {sum(1 for s in failed if s[2] == reason)} × {reason[:150]} |", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--callers", type=int, default=8)
    options.add_argument("--pause", type=float, default=0.02, help="seconds between a caller's requests")
    options.add_argument("--seconds", type=float, default=25, help="how long each fault is watched")
    options.add_argument("--keep", help="keep logs in this folder")
    arguments = options.parse_args()
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp(prefix="granary-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    postgres = Postgres(folder)
    cluster = Cluster(folder, postgres)
    load = None
    try:
        for name in ("silo-1", "silo-2"):
            cluster.start_silo(name)
        cluster.start_api()
        load = Load(cluster.api_port, arguments.callers, arguments.pause)
        time.sleep(3)
        print("| fault | sent | failed | over 1 s | slowest ms | whole again after s |")
        print("|---|---|---|---|---|---|", flush=True)

        def watch(name, action, seconds=arguments.seconds):
            at = time.monotonic()
            action()
            time.sleep(max(0, at + seconds - time.monotonic()))
            report(name, load, at, seconds)

        def holder():
            _, text = get(cluster.api_port, "/admin/models/default", body=True)
            for name, silo in cluster.silos.items():
                if silo.process.poll() is None and f"127.0.0.1:{port_of(silo)}@" in text:
                    return name
            return next(n for n, s in cluster.silos.items() if s.process.poll() is None)

        def port_of(silo):
            return next(a.split("=")[1] for a in silo.process.args if "SiloPort" in a)

        def kill(name):
            cluster.silos[name].signal(signal.SIGKILL)
            cluster.silos.pop(name)

        def stop_gracefully(name):
            silo = cluster.silos.pop(name)
            silo.signal(signal.SIGTERM)
            code = silo.wait()
            print(f"|   | {name} stopped with exit code {code} |", flush=True)

        watch("none", lambda: None, 8)
        watch("kill -9 the silo that holds the model", lambda: kill(holder()))
        watch("add a silo", lambda: cluster.start_silo("silo-3"), 15)
        watch("stop the silo that holds the model (SIGTERM)", lambda: stop_gracefully(holder()))
        watch("add another", lambda: cluster.start_silo("silo-4"), 15)
        watch("PostgreSQL gone for 20 s", lambda: (postgres.stop(), time.sleep(20), postgres.start()), 35)
        watch("kill -9 the API and start it again", lambda: (cluster.api.signal(signal.SIGKILL), cluster.start_api()), 15)
        status, text = get(cluster.api_port, "/admin/models", body=True)
        models = [model["name"] for model in json.loads(text)["models"]]
        print(f"catalog after all of it: {models}")
        return 0 if models == ["default"] else 1
    finally:
        if load:
            load.stop()
        cluster.stop()
        try:
            postgres.stop()
        except subprocess.CalledProcessError:
            pass
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
