# Measures slow.py against fast.py, both with the input that setup.py makes.
import gc
import json
import os
import sys
import time

n, order = int(sys.argv[1]), sys.argv[2]
sample_ns, warm_ns, limit_ns = (int(argument) for argument in sys.argv[3:6])


def load(name, names):
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), names)
    return names


setup = load("setup.py", {"__name__": "benchmark"})
slow = load("slow.py", dict(setup))["run"]
fast = load("fast.py", dict(setup))["run"]
data = setup["setup"](n)


def check():
    one, other = slow(data), fast(data)
    if one != other:
        print(json.dumps({"slow": repr(one)[:200], "fast": repr(other)[:200]}), flush=True)
        sys.exit()


def timed(run, calls):
    passes = range(calls)
    begin = time.perf_counter_ns()
    for _ in passes:
        run(data)
    return time.perf_counter_ns() - begin


def calls_per_sample(run):
    calls, begin = 1, time.perf_counter_ns()
    while True:
        if timed(run, calls) < sample_ns:
            calls *= 2
        elif time.perf_counter_ns() - begin >= warm_ns:
            return calls


check()
sides = {"s": (slow, calls_per_sample(slow)), "f": (fast, calls_per_sample(fast))}
begin = time.perf_counter_ns()
for done, first in enumerate(order):
    if done >= 2 and time.perf_counter_ns() - begin > limit_ns:
        break
    gc.collect()
    took = {}
    for side in (first, "f" if first == "s" else "s"):
        run, calls = sides[side]
        took[side] = timed(run, calls) / calls
    print(json.dumps({"slow_ns": took["s"], "fast_ns": took["f"]}), flush=True)
check()
