"""Serves quart_app or fastapi_app with two workers: serve.py quart|fastapi HOST PORT.

Each worker listens on a socket of its own (SO_REUSEPORT), so that the kernel spreads the connections over both. With
the one socket that `hypercorn --workers=2` and `uvicorn --workers=2` share, uvloop in whichever worker wakes first
takes every connection that waits, and the other one idles: half of what the peer can do.
"""
import asyncio
import os
import socket
import sys

import uvloop


def main():
    kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.fork()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    if kind == "fastapi":
        import uvicorn
        config = uvicorn.Config("fastapi_app:app", loop="uvloop", http="httptools", access_log=False, log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])
    else:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config
        from quart_app import app
        config = Config()
        config.bind = [f"fd://{listener.fileno()}"]
        uvloop.install()
        asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
