"""How each server is started, watched and stopped."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from models import ROOT, WORK, Model

TICK = os.sysconf("SC_CLK_TCK")
PEERS = ROOT / "bench" / "peers"
API = ROOT / "Api" / "bin" / "Release" / "net10.0" / "Granary.Api.dll"
CEILING = ROOT / "bench" / "Ceiling" / "bin" / "Release" / "net10.0" / "Granary.Ceiling.dll"


def command(name: str, model: Model, bind: str):
    """The command line and the extra environment of a server."""
    shape = ",".join(map(str, model.shape))
    if name == "granary":
        return (["dotnet", "exec", API, f"--bind={bind}", "--workers=2"],
                {"MODEL_SOURCE": "0", "LOAD_ARGS": json.dumps({"path": str(model.path)})})
    if name == "ceiling":
        return ["dotnet", "exec", CEILING, bind, model.path, model.dtype, shape], {}
    if name == "quart":
        return (["hypercorn", f"--bind={bind}", "--workers=2", "--worker-class=uvloop", "quart_app:app"],
                {"MODEL": str(model.path)})
    if name == "fastapi":
        host, port = bind.split(":")
        return (["uvicorn", f"--host={host}", f"--port={port}", "--workers=2", "--loop=uvloop", "--http=httptools",
                 "--no-access-log", "--log-level=warning", "fastapi_app:app"], {"MODEL": str(model.path)})
    raise ValueError(name)


WRAPPERS = {"granary": "infernet", "ceiling": "infernet", "quart": "plain", "fastapi": "plain"}


class Server:
    """A running server in a session of its own, so that all its processes can be found and stopped."""

    def __init__(self, name: str, model: Model):
        self.name, self.model = name, model
        self.body = model.body(WRAPPERS[name])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        arguments, extra = command(name, model, f"127.0.0.1:{self.port}")
        self.log = WORK / f"{model.name}.{name}.log"
        path = "/usr/bin:" + os.environ["PATH"]  # Debian's Python first: it has torch
        environment = {**os.environ, "PATH": path, "PYTHONPATH": str(PEERS), **extra}
        started = time.perf_counter()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(a) for a in arguments], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self.answer = self._first_answer(started + 120)
        self.cold_start = time.perf_counter() - started

    def _first_answer(self, deadline: float) -> list:
        """The numbers of the first good answer; asked for until it comes."""
        last = "nothing"
        while time.perf_counter() < deadline and self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                connection.request("POST", "/service_output", self.body.read_bytes(), {"Content-Type": "application/json"})
                response = connection.getresponse()
                content = response.read()
                if response.status == 200:
                    return numbers(json.loads(content))
                last = f"HTTP {response.status}: {content[:300]!r}"
            except (OSError, http.client.HTTPException) as error:
                last = repr(error)
            time.sleep(0.002)
        self.stop()
        raise SystemExit(f"{self.name} gave no answer for {self.model.name} (last: {last}); its log: {self.log}")

    def processes(self) -> list:
        """The /proc folders of its processes."""
        found = []
        for folder in pathlib.Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[3]) == self.process.pid:
                        found.append(folder)
                except (OSError, IndexError):
                    pass  # it has just ended
        return found

    def cpu_seconds(self) -> dict:
        """Processor time so far by process id."""
        times = {}
        for folder in self.processes():
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            times[folder.name] = (int(fields[11]) + int(fields[12])) / TICK
        return times

    def memory_mb(self) -> float:
        """Resident memory; what its processes share counts once."""
        private, shared = 0, 0
        for folder in self.processes():
            pages = [int(field) * 4096 for field in (folder / "statm").read_text().split()[1:3]]
            private += pages[0] - pages[1]
            shared = max(shared, pages[1])
        return (private + shared) / 1e6

    def stop(self):
        for stop in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, stop)
            except ProcessLookupError:
                break
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                continue
            deadline = time.monotonic() + 5
            while self.processes() and time.monotonic() < deadline:
                time.sleep(0.05)
            if not self.processes():
                break


def numbers(answer) -> list:
    """Every number of an answer's tensor, in order."""
    def flatten(value):
        if isinstance(value, list):
            for item in value:
                yield from flatten(item)
        else:
            yield value
    return list(flatten(answer["values"] if "values" in answer else answer["data"]))
