"""llama.cpp's own server, in a process of its own: `python llama_cpp.py FILE.gguf PROMPTS.json SLOTS`.

Prints tokens per second over all prompts, which are lists of token ids, asked 64 at once for 64 tokens each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import xllamacpp

_SAMPLING = {"max_tokens": 64, "temperature": 0.7, "top_p": 0.9, "top_k": 0, "min_p": 0, "cache_prompt": True}


def main(gguf: str, prompts: str, n_slots: int) -> None:
    params = xllamacpp.CommonParams()
    params.model.path, params.n_parallel, params.n_ctx = gguf, n_slots, 512 * n_slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.verbosity = -1
    server = xllamacpp.Server(params)

    def ask(token_ids: list[int]) -> int:
        answer = server.handle_completions({"prompt": token_ids, "seed": 1, **_SAMPLING})
        answer = json.loads(answer) if isinstance(answer, str | bytes) else answer
        return int(answer["usage"]["completion_tokens"])

    asked = json.loads(Path(prompts).read_text())
    ask(asked[0])
    start = time.perf_counter()
    with ThreadPoolExecutor(64) as pool:
        n_tokens = sum(pool.map(ask, asked))
    print(n_tokens / (time.perf_counter() - start), flush=True)
    os._exit(0)  # its threads would not end


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
