#!/usr/bin/env python3
"""Compares Reckon's verdicts with the correctness that recorded runs on MATH carry, and lists where they differ.

    tools/agreement.py DATA build/release/reckon > disagreements.tsv

DATA is laid out like RECKON_DATA: DATA/traces-boinf/*math500*.jsonl.zst (recorded as string equality) and
DATA/traces-qwen-rm8/*.jsonl.zst (recorded by a grader). Every pair of gold and answer is judged once. Columns: source,
gold, answer, recorded, verdict, reason, samples; a summary goes to stderr.
"""
import collections
import glob
import json
import subprocess
import sys


def rows(path):
    text = subprocess.run(["zstdcat", path], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def pairs(folder):
    count = collections.Counter()
    for path in sorted(glob.glob(f"{folder}/traces-boinf/*math500*.jsonl.zst")):
        for row in rows(path):
            for answer, _ in row["all_answers"]:
                if answer:
                    count["boinf", row["gold_answer"], answer, answer == row["gold_answer"]] += 1
    for path in sorted(glob.glob(f"{folder}/traces-qwen-rm8/*.jsonl.zst")):
        for row in rows(path):
            for answer, score in zip(row["pred"], row["score"]):
                if answer:
                    count["qwen-rm8", str(row["gt"]), answer, bool(score)] += 1
    return count


def main():
    count = pairs(sys.argv[1])
    keys = list(count)
    lines = "".join(json.dumps({"gold": gold, "candidate": answer}) + "\n" for _, gold, answer, _ in keys)
    out = subprocess.run([sys.argv[2], "verify", "-"], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    summary = collections.Counter()
    for key, line in zip(keys, out):
        source, gold, answer, recorded = key
        result = json.loads(line)
        summary[source, "recorded right" if recorded else "recorded wrong", result["verdict"]] += 1
        if (result["verdict"] == "equal") != recorded:
            print("\t".join([source, gold, answer.replace("\t", " ").replace("\n", " ")[:200], str(recorded), result["verdict"], result["reason"],
                             str(count[key])]))
    for key, number in sorted(summary.items()):
        print(*key, number, sep="\t", file=sys.stderr)


if __name__ == "__main__":
    main()
