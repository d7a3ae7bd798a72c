"""reckon replay, calibrate and power: the same numbers again, and what no honest number can be made of."""
import csv
import json
import random
import unittest

from command import STORIES, CommandTest


class RecordedTest(CommandTest):
    def recording(self, name, questions=30, samples=16, hard=0.5, **fields):
        """Recorded samples of `questions` questions; `hard` is the share of wrong answers on the hardest."""
        draws = random.Random(7)
        lines = []
        for i in range(questions):
            line = {"schema": "reckon.recording/1", "id": f"q{i}", "task": "math", "reference": "4", "model": STORIES, "sampling": None,
                    "question": [{"role": "user", "content": f"What is {i}?"}], "samples": []}
            for s in range(samples):
                answer = str(draws.randrange(5, 8)) if draws.random() < hard * i / questions else "4"
                line["samples"].append({"seed": s, "text": answer, "answer": answer, "correct": answer == "4", "tokens": draws.randrange(20, 90)})
            lines.append(line | fields)
        return self.lines(name, lines)

    def lines(self, name, lines):
        return self.write(name, "".join(json.dumps(line) + "\n" for line in lines).encode())

    def read(self, path):
        return [json.loads(line) for line in path.read_text().splitlines()]


class Replay(RecordedTest):
    def replay(self, *arguments):
        return self.text("replay", *arguments, "--orders", "20", "--resamples", "50")

    def test_the_same_seed_gives_the_same_files_for_any_number_of_threads(self):
        path = self.recording("r.jsonl")
        for threads in (1, 3):
            self.replay(path, "--policy", "balanced", "--policy", "fixed:n=4", "--threads", threads, "--json", f"{threads}.json", "--csv", f"{threads}.csv")
        for kind in ("json", "csv"):
            self.assertEqual(*((self.folder / f"{threads}.{kind}").read_bytes() for threads in (1, 3)))
        rows = list(csv.DictReader((self.folder / "1.csv").read_text().splitlines()))
        self.assertEqual({(row["question"], row["policy"]) for row in rows}, {(f"q{i}", p) for i in range(30) for p in ("lead:m=2,cap=16", "fixed:n=4")})
        report = json.loads((self.folder / "1.json").read_text())
        self.assertEqual(report["command"].split()[:2], ["reckon", "replay"])
        again = self.text(*report["command"].split()[1:], "--json", "again.json")
        self.assertIn("R at equal accuracy", again)
        self.assertIn("match", again)
        self.assertEqual(json.loads((self.folder / "again.json").read_text())["pools"], report["pools"])

    def test_seconds_and_flops_come_with_a_curve_and_a_shape(self):
        path = self.recording("r.jsonl")
        self.replay(path, "--json", "plain.json")
        self.replay(path, "--width", "2", "--refill", "--batch-cost", "1=0.01", "--batch-cost", "2=0.012", "--shape",
                    "parameters=1e6,layers=2,heads=4,head_dim=8", "--json", "full.json")
        plain, full = (json.loads((self.folder / f"{name}.json").read_text())["pools"][0]["rows"][1] for name in ("plain", "full"))
        self.assertEqual((plain["seconds"], plain["flops"]), (None, None))
        self.assertGreater(full["flops"], 2e6 * full["tokens"])
        self.assertTrue(0.01 * full["sequential"] < full["seconds"] < 0.012 * full["sequential"])
        self.assertLess(full["sequential"], plain["sequential"])
        self.assert_refused(2, "--batch-cost", "replay", path, "--batch-cost", "2=0")

    def test_one_price_for_a_stream(self):
        self.assertIn("200 questions at", self.text("replay", self.recording("r.jsonl"), "--mean-budget", "tokens=300", "--stream", "200"))
        self.assert_refused(2, "tokens=N", "replay", "r.jsonl", "--mean-budget", "start=0.1")

    def test_bad_recordings_end_with_a_sentence_and_no_number(self):
        good = self.recording("good.jsonl")
        lines = self.read(good)
        shape = {"matmul_parameters": 1e6, "layers": 2, "query_heads": 4, "head_size": 8}
        uncounted = json.loads(json.dumps(lines))
        del uncounted[3]["samples"][2]["tokens"]
        for part, name, bad in [
                ("two different models are both called", "models", [lines[0] | {"shape": shape}, lines[1] | {"shape": shape | {"layers": 3}}]),
                ("different settings", "settings", [lines[0], lines[1] | {"max_tokens": 9}]),
                ("two different texts", "mixed", lines + [lines[4] | {"question": [{"role": "user", "content": "Something else?"}]}]),
                ("two different samples with seed 0", "mixed-runs", lines + [lines[4] | {"samples": [lines[5]["samples"][0] | {"text": "other"}]}]),
                ("no token count", "uncounted", uncounted),
                ("only one sample", "single-samples", [line | {"samples": line["samples"][:1]} for line in lines]),
                ("no samples", "none", [lines[0] | {"samples": []}]),
                ("update Reckon", "version", [lines[0] | {"schema": "reckon.recording/2"}]),
                ("no recording to replay", "empty", [])]:
            with self.subTest(name):
                self.assert_refused(2, part, "replay", self.lines(f"{name}.jsonl", bad), "--format", "recording")
        self.assert_refused(2, "two recordings are named", "replay", self.write("a/analysis_t_m.jsonl", BOINF), self.write("b/analysis_t_m.jsonl", BOINF))
        self.assert_refused(2, "appears twice", "replay", self.write("analysis_t_m.jsonl", BOINF + BOINF))
        self.assert_refused(2, "line 1", "replay", self.write("analysis_t_n.jsonl", BOINF[:70]), "--format", "boinf")

    def test_what_a_reader_must_know_stands_below_the_numbers(self):
        whole = self.recording("whole.jsonl").read_bytes()
        for part, path in [("line 30: the line is cut off; it is left out", self.write("cut.jsonl", whole[:-40])),
                           ("no sample is right", self.recording("wrong.jsonl", samples=4, hard=0)),
                           ("every sample is right", self.recording("right.jsonl", samples=4, hard=0)),
                           ("a single question", self.recording("one.jsonl", questions=1))]:
            if path.name == "wrong.jsonl":
                self.lines("wrong.jsonl", [line | {"samples": [s | {"correct": False} for s in line["samples"]]} for line in self.read(path)])
            with self.subTest(part):
                said = self.replay(path)
                self.assertEqual(len([line for line in said.splitlines() if line.startswith("note: ") and part in line]), 1, said)
                self.assertNotIn("nan", said)
        self.text("recordings", "merge", "whole.jsonl", "--out", "whole.jsonl.zst")
        packed = (self.folder / "whole.jsonl.zst").read_bytes()
        cut = self.write("cut.jsonl.zst", packed[: len(packed) // 2])
        self.assert_refused(2, "damaged", "replay", cut)
        self.assert_refused(2, "line 1: the line is cut off", "replay", self.write("torn.jsonl", whole[:300]))


class Calibrate(RecordedTest):
    def test_a_calibration_is_used_where_model_and_task_match(self):
        path = self.recording("many.jsonl", questions=240, samples=32, hard=0.6)
        said = self.text("calibrate", path, "--target", "4", "--max-risk", "10", "--orders", "4", "--resamples", "50", "--out", "c.json")
        made = json.loads((self.folder / "c.json").read_text())
        self.assertTrue(made["passed"], said)
        chosen = made["points"][made["choice"]["balanced"]]
        self.assertLess(chosen["risk_hi"], 0.1)
        self.assertGreater(chosen["d_lo"], -0.04)
        small = ["--model", STORIES, "--threads", "1", "--context", "256", "--max-tokens", "8", "--budget", "samples=2"]
        receipt = self.solve_json("Once upon a time", *small, "--calibration", "c.json")[1]["receipt"]
        self.assertEqual(receipt["notes"], [f"calibrated: balanced is {chosen['policy']}"])

    def test_too_few_questions_leave_the_default_and_say_so(self):
        self.assertIn("too few", self.text("calibrate", self.recording("few.jsonl"), "--out", "c.json"))
        self.assertFalse(json.loads((self.folder / "c.json").read_text())["passed"])
        self.assert_refused(2, "calibrate each model and task alone", "calibrate", "few.jsonl", self.recording("other.jsonl", model="another"))


class Power(CommandTest):
    def test_says_how_many_questions_show_one_point(self):
        self.assertTrue(self.text("power", "--points", "1", "--discordant", "10").startswith("7843 questions show a difference of 1 points"))
        self.assertIn("difference seen with 80 % power is 3.55 points", self.text("power", "--discordant", "8", "--questions", "500"))
        self.assert_refused(2, "cannot differ", "power", "--points", "20", "--discordant", "10")


BOINF = b'{"problem_num": 1, "total_answers": 3, "gold_answer": "3", "all_answers": [["3", 9], ["4", 7], ["3", 5]]}\n'

if __name__ == "__main__":
    unittest.main()
