#!/usr/bin/env python3
"""Model-written HumanEval programs of CodeT as JSON lines {"id", "kind", "program"}; `kind` is the recorded label.

    bench/codet_programs.py FOLDER --every 10 > programs.jsonl

FOLDER is the data folder traces-codet-humaneval, beside humaneval. A sample is cut at the first new top-level line,
as its recorded label was made. --every N takes every Nth program of each task.
"""
import argparse
import glob
import json
import re
import subprocess

CUT = re.compile(r"\n(?=(?:class|def|#|if|print|assert|@))")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--every", type=int, default=10)
    options = parser.parse_args()
    labels = [line.rstrip("\n").split("\t") for line in open(options.folder + "/labels.derived.tsv")][1:]
    packed = glob.glob(options.folder + "/*_code_solution.jsonl.zst")[0]
    text = subprocess.run(["zstd", "-dc", packed], check=True, capture_output=True, text=True).stdout
    rows = {json.loads(line)["prompt"]: json.loads(line)["samples"] for line in text.splitlines()}
    data = {}
    for line in open(options.folder + "/../humaneval/HumanEval_for_code_generation.jsonl"):
        row = json.loads(line)
        data[row["task_id"]] = row["prompt"]
    for task, _, _, passed in labels:
        prompt = data[task]
        for index in range(0, len(passed), options.every):
            body = CUT.split("\n" + rows[prompt][index], maxsplit=1)[0][1:]
            print(json.dumps({"id": task, "kind": "recorded_" + passed[index], "program": prompt + body}))


main()
