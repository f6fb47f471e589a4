"""``transformers serve``, as it is installed here, in a process of its own on loopback."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

# It ends with the process that started it, also where that is killed and stops nothing any more.
MAIN = """
import os, threading, time
parent = os.getppid()
def watch():
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
from transformers.cli.transformers import main
main()
"""
SECONDS = 180
"""That it may take to start on a machine that has much else to do."""


@dataclass
class ModelServer:
    """A server that is up, until ``kill``; ``port`` is what a second one may take over."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def answered(self) -> int:
        """Chats that it answered: with a stream, whose answer it began."""
        return self.log.read_text(errors="replace").count('"POST /v1/chat/completions HTTP/1.1" 200')

    def kill(self) -> None:
        """End it at once, in the middle of what it does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serve(log: Path, model: Path | None = None, port: int = 0) -> Iterator[ModelServer]:
    """Serve one model, by its folder; without one, any folder that a request names. Port 0: a free one."""
    for needed in ("torch", "fastapi", "uvicorn", "openai"):
        pytest.importorskip(needed, reason="transformers serve needs torch, fastapi, uvicorn and openai")
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    call = [sys.executable, "-c", MAIN, "serve", *([str(model)] if model else []), *options]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as file:
        process = subprocess.Popen(call, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield _ready(ModelServer(process, log, port))
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(server: ModelServer) -> ModelServer:
    """Wait until it says where it listens, and answers there."""
    until = time.monotonic() + SECONDS
    while (found := re.search(r"running on http://127\.0\.0\.1:(\d+)", server.log.read_text(errors="replace"))) is None:
        if server.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"transformers serve did not start:\n{server.log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)
    server.port = int(found[1])
    with build_opener(ProxyHandler({})).open(f"{server.url}/health", timeout=30) as response:
        assert response.status == 200
    return server
