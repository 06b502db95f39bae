import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import helper

def local(i, q=1):
    return q

def run():
    seen = {}
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            seen[method] = str(pool.map(partial(helper.segment, t=0.1), [0, 1]) + pool.map(local, [0, 1]))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        seen["executor"] = str([*pool.map(partial(helper.segment, t=0.1), [0, 1]), *pool.map(local, [0, 1])])
    return seen
