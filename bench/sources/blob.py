#!/usr/bin/env python3
"""Downloads from Azure Blob storage, measured: bench/sources/blob.py [MEGABYTES] [ROUNDS].

Starts azurite and the API (build both first: ./test installs azurite, ./run builds the API), and prints
- throughput against curl of the same URL, in turns, and the peak of resident memory above idle;
- a download that is cut in the middle: bytes that crossed the wire, as a share of the file;
- seconds from the start of the process to the first right answer, with the demo model in Blob storage and as a local file.
"""
import base64, email.utils, hashlib, hmac, json, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, threading, time
import urllib.error, urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNT = "devstoreaccount1"  # Azurite's, the same everywhere
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SIZE = int(sys.argv[1] if len(sys.argv) > 1 else 500) * 1_000_000
ROUNDS = int(sys.argv[2] if len(sys.argv) > 2 else 3)
DEMO = ROOT / "samples/models/california_housing.pt"
INPUT = {"dtype": "double", "shape": [1, 8], "values": [[8.3252, 41.0, 6.984127, 1.02381, 322.0, 2.555556, 37.88, -122.23]]}


class Azurite:
    def __init__(self, folder):
        script = ROOT / "tests/node/node_modules/azurite/dist/src/blob/main.js"
        self.process = subprocess.Popen(["node", script, "--blobPort", "0", "--silent", "--disableTelemetry", "--location", folder],
                                        stdout=subprocess.PIPE, text=True)
        self.port = next(int(m[1]) for m in (re.search(r"listens on http://127.0.0.1:(\d+)", line) for line in self.process.stdout) if m)
        self.endpoint = f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def put(self, path, body=b"", **headers):
        headers = {"x-ms-version": "2023-11-03", "x-ms-date": email.utils.formatdate(usegmt=True),
                   **{"x-ms-" + name.replace("_", "-"): value for name, value in headers.items()}}
        plain, _, query = path.partition("?")
        resource = f"/{ACCOUNT}/{ACCOUNT}/{plain}" + "".join("\n" + part.replace("=", ":") for part in sorted(query.split("&")) if part)
        ours = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
        kind = "application/octet-stream"
        text = f"PUT\n\n\n{len(body) or ''}\n\n{kind}\n\n\n\n\n\n\n{ours}{resource}"
        signature = base64.b64encode(hmac.new(base64.b64decode(KEY), text.encode(), "sha256").digest()).decode()
        headers |= {"Content-Type": kind, "Authorization": f"SharedKey {ACCOUNT}:{signature}"}
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/{path}", data=body, method="PUT", headers=headers)).close()


class Cutter:
    """Stands before azurite and ends the first connection that carried more than half of the file."""
    def __init__(self, port):
        self.port, self.carried, self.cut = port, [], False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}/{ACCOUNT}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            self.carried.append(0)
            threading.Thread(target=self.pump, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, len(self.carried) - 1), daemon=True).start()

    def pump(self, source, target, index):
        try:
            while data := source.recv(1 << 18):
                if index is not None:
                    self.carried[index] += len(data)
                    if not self.cut and self.carried[index] > SIZE // 2:
                        self.cut = True
                        break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Server:
    def __init__(self, folder, endpoint, model=None):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        variables = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
                     "Granary__AzureStorage__ConnectionString": f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint}"}
        if model:
            variables["TORCH_DEFAULT_MODEL_ID"] = model
        self.started = time.time()
        self.process = subprocess.Popen(["dotnet", ROOT / "Api/bin/Release/net10.0/Granary.Api.dll", f"--bind=127.0.0.1:{self.port}"],
                                        cwd=self.folder, env=os.environ | variables, stdout=open(self.folder / "log", "w"), stderr=subprocess.STDOUT)

    def ask(self, data):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/service_output", headers={"Content-Type": "application/json"},
                                         data=json.dumps({"source": 1, "data": data}).encode())
        while True:
            try:
                with urllib.request.urlopen(request, timeout=600) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.read().decode()
            except OSError:
                time.sleep(0.01)  # does not listen yet

    def fetch(self, model):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")  # the peak begins anew
        started = time.time()
        answer = self.ask({"model_id": model, "input": {"dtype": 1, "shape": [1], "values": [1]}})
        assert "is no model" in answer or "demo" in model, answer  # random bytes: fetched, verified, then refused
        return time.time() - started

    def memory(self, key):
        return int(re.search(key + r":\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def forget(self):
        for blob in (self.folder / ".granary/weights/blobs").iterdir():
            if blob.stat().st_size == SIZE:
                blob.unlink()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def curl(url, folder):
    started = time.time()
    subprocess.run(["curl", "-sf", "-o", f"{folder}/curl.bin", url], check=True)
    seconds = time.time() - started
    os.remove(f"{folder}/curl.bin")
    return seconds


def throughput(azurite, folder, name, count):
    server = Server(folder, azurite.endpoint)
    server.fetch("blob/weights/demo")
    idle, ratios = server.memory("VmRSS"), []
    for i in range(count):
        blob = f"{name}{i}.bin"
        sides = [lambda: curl(f"{azurite.endpoint}/weights/{blob}", folder), lambda: server.fetch(f"blob/weights/{blob}")]
        # Who is first has the colder cache.
        theirs, ours = [side() for side in sides] if i % 2 == 0 else [side() for side in sides[::-1]][::-1]
        ratios.append(theirs / ours)
        print(f"{blob}: curl {SIZE / theirs / 1e6:.0f} MB/s, granary {SIZE / ours / 1e6:.0f} MB/s, ratio {theirs / ours:.2f}; "
              f"peak {server.memory('VmHWM') - idle:.0f} MB above idle; load {os.getloadavg()[0]:.1f}")
        server.forget()
    server.stop()
    print(f"{name}: median ratio {sorted(ratios)[len(ratios) // 2]:.2f}")


def resume(azurite, folder):
    cutter = Cutter(azurite.port)
    server = Server(folder, cutter.endpoint)
    server.fetch("blob/weights/demo")
    seconds = server.fetch(f"blob/weights/md5-{ROUNDS}.bin")
    print(f"cut at half: complete after {seconds:.1f} s, {sum(cutter.carried) / SIZE:.3f} of the file crossed the wire")
    server.stop()


def cold_start(azurite, folder, kind, model):
    server = Server(folder, azurite.endpoint, model)
    while "4.1519" not in server.ask({"input": INPUT}):
        time.sleep(0.01)
    print(f"cold start from {kind}: {time.time() - server.started:.2f} s to the first answer; load {os.getloadavg()[0]:.1f}")
    server.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="granary-bench-") as folder:
        azurite = Azurite(folder)
        try:
            azurite.put("weights?restype=container", blob_public_access="blob")
            content = os.urandom(1 << 20) * (SIZE // (1 << 20) + 1)
            content = content[:SIZE]
            for i in range(ROUNDS + 1):
                azurite.put(f"weights/md5-{i}.bin", content, blob_type="BlockBlob", blob_content_md5=base64.b64encode(hashlib.md5(content).digest()).decode())
            azurite.put("weights/demo/model.pt", DEMO.read_bytes(), blob_type="BlockBlob")
            throughput(azurite, folder, "md5-", ROUNDS)
            resume(azurite, folder)
            for kind, model in (("Blob storage", "blob/weights/demo"), ("a local file", f"local/{DEMO}")) * 2:
                cold_start(azurite, folder, kind, model)
        finally:
            azurite.process.terminate()
            azurite.process.wait()


main()
