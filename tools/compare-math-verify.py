#!/usr/bin/env python3
"""Measures math-verify on the pairs of a vector file, and Reckon beside it, in one run.

    python3 -m venv venv && venv/bin/pip install math-verify==0.9.0 antlr4-python3-runtime==4.13.2
    venv/bin/python tools/compare-math-verify.py tests/data/vectors/math_equivalence.jsonl build/release/bench/verify_bench

Times are CPU time of one thread. Hostile rows are left out. Prints one line for each judge, then the kinds.
"""
import collections
import json
import logging
import subprocess
import sys
import time

from math_verify import parse, verify

logging.disable(logging.CRITICAL)


def wrapped(text):
    return text if "$" in text or "\\boxed" in text else f"${text}$"


def judge(gold, candidate):
    try:
        return bool(verify(parse(wrapped(gold)), parse(wrapped(candidate))))
    except Exception:  # an error of the library counts as "not equal"
        return False


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    rows = [row for row in rows if row["kind"] != "hostile" and "candidate" in row]
    judge("1", "2")
    times, right, accepted_wrong = [], collections.Counter(), 0
    for row in rows:
        start = time.process_time()
        verdict = judge(row["gold"], row["candidate"])
        times.append(time.process_time() - start)
        right[row["kind"]] += verdict == row["equal"]
        accepted_wrong += verdict and not row["equal"]
    total = sum(times)
    times.sort()
    of = collections.Counter(row["kind"] for row in rows)
    print(f"math-verify: {len(rows)} pairs, accuracy {sum(right.values()) / len(rows):.4f}, false accepts {accepted_wrong}, "
          f"{len(rows) / total:.0f} pairs/s, p50 {times[len(times) // 2] * 1e6:.0f} us, p99 {times[int(len(times) * 0.99)] * 1e6:.0f} us")
    print("reckon:     ", subprocess.run([sys.argv[2], sys.argv[1]], check=True, capture_output=True, text=True).stdout.strip())
    for kind in sorted(of):
        print(f"  {kind}: math-verify {right[kind]}/{of[kind]}")


if __name__ == "__main__":
    main()
