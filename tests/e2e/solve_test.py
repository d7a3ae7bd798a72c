"""reckon solve: what it prints, what it refuses, and what Ctrl-C leaves."""
import json
import os
import pathlib
import random
import signal
import time
import unittest

from command import HANGS, STORIES, CommandTest

SMALL = ["--model", STORIES, "--threads", "1", "--context", "256", "--max-tokens", "24", "--temperature", "0.8"]


class Solve(CommandTest):
    def test_prints_a_receipt_with_every_token_charged(self):
        code, result = self.solve_json("Once upon a time", *SMALL, "--strategy", "self-consistency:samples=4,early_stop=false")
        usage = result["receipt"]["usage"]
        self.assertIn(code, (0, 1))  # the small model tells stories: there may be no number in them
        self.assertEqual(result["receipt"]["samples"], 4)
        self.assertEqual(usage["selected"] + usage["discarded"], 4 * 24)
        self.assertGreater(usage["prompt"], 0)
        self.assertGreater(usage["flops"], 0)
        self.assertEqual(result["answer"] is None, code == 1)

    def test_the_same_seed_gives_the_same_text(self):
        texts = [self.solve_json("Once upon a time", *SMALL, "--strategy", "single", "--seed", "7")[1]["receipt"]["usage"] for _ in range(2)]
        self.assertEqual(texts[0], texts[1])

    def test_reads_the_question_from_standard_input_and_streams(self):
        done = self.run_command("solve", "-", "--stream", *SMALL, stdin=b"Once upon a time")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertGreater(len(done.stdout), 50)

    def test_on_a_terminal_one_line_shows_how_far_it_is_and_is_gone_at_the_end(self):
        code, shown = self.on_a_terminal("solve", "Once upon a time", *SMALL, "--strategy", "self-consistency:samples=3,early_stop=false")
        self.assertIn(code, (0, 1))
        lines = shown.split(b"\r\x1b[K")
        self.assertEqual([line.split()[0] for line in lines if line], [b"1/3", b"2/3", b"3/3"], shown)
        self.assertEqual(lines[-1], b"")

    def test_a_token_budget_is_a_ceiling(self):
        _, result = self.solve_json("Once upon a time", *SMALL, "--strategy", "adaptive", "--budget", "tokens=140")
        usage = result["receipt"]["usage"]
        self.assertLessEqual(usage["prompt"] + usage["selected"] + usage["discarded"], 140)
        self.assertEqual(result["stop_reason"], "budget:tokens")

    def test_a_deadline_ends_the_run(self):
        _, result = self.solve_json("Once upon a time", "--model", STORIES, "--threads", "1", "--context", "512", "--max-tokens", "400",
                                    "--strategy", "self-consistency:samples=1000,early_stop=false", "--budget", "seconds=1")
        self.assertEqual(result["stop_reason"], "deadline")

    def test_ctrl_c_prints_the_receipt_of_what_was_spent(self):
        process = self.start("solve", "Once upon a time", "--model", STORIES, "--threads", "1", "--context", "512", "--stream", "--json",
                             "--max-tokens", "400", "--strategy", "self-consistency:samples=1000,early_stop=false")
        self.assertNotEqual(os.read(process.stdout.fileno(), 1), b"")  # the text has begun
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANGS)
        self.assertEqual(process.returncode, 130, err)
        receipt = json.loads(out[out.index(b'{"schema":'):])["receipt"]
        self.assertEqual(receipt["stop_reason"], "cancelled")
        self.assertGreater(receipt["usage"]["prompt"], 0)

    def test_a_price_and_a_calibration_choose_the_rule_and_the_receipt_says_so(self):
        _, result = self.solve_json("Once upon a time", *SMALL, "--price", "0.05", "--budget", "samples=3")
        self.assertIn("rule=voc,lambda=0.05,", result["receipt"]["strategy"])
        self.assertTrue(0 <= result["difficulty"] <= 1)
        point = {"policy": "lead:m=1,cap=3", "acc": 1, "tokens": 9, "d": 0, "d_lo": 0, "x64": 9, "risk": 0, "risk_hi": 0.01}
        made = {"format": "reckon-stop-calibration", "version": 1, "model": STORIES, "task": "math", "dataset": "", "created": "2026-01-01",
                "source_sha256": "", "questions": 300, "draws": 64, "orders": 50, "tbar": 9, "log_len": {"mean": 1, "sd": 1},
                "pair_agreement": 0.9, "points": [point], "sc_curve": {"acc": [1], "tokens": [9]},
                "choice": {"economy": None, "balanced": 0, "quality": None}, "target_pp": 0.5, "max_risk": None, "passed": True, "verdict": ""}
        self.write("c.json", json.dumps(made).encode())
        receipt = self.solve_json("Once upon a time", *SMALL, "--calibration", "c.json")[1]["receipt"]
        self.assertIn("rule=lead,m=1,cap=3,", receipt["strategy"])
        self.assertEqual(receipt["notes"], ["calibrated: balanced is lead:m=1,cap=3"])
        receipt = self.solve_json("Once upon a time", *SMALL, "--calibration", "c.json", "--task", "text", "--budget", "samples=2")[1]["receipt"]
        self.assertIn("for the task math, not text", receipt["notes"][0])
        self.assertIn("rule=lead,m=2,cap=16,", receipt["strategy"])
        self.write("old.json", json.dumps(made | {"version": 7}).encode())
        self.assert_refused(2, "old.json", "solve", "x", *SMALL, "--calibration", "old.json")
        self.assert_refused(2, "rule=voc", "solve", "x", *SMALL, "--strategy", "single", "--price", "0.05")

    def test_ctrl_c_at_any_moment_ends_with_a_receipt_or_says_that_nothing_was_spent(self):
        pauses = random.Random(1)
        for _ in range(12):
            process = self.start("solve", "Once upon a time", "--model", STORIES, "--threads", "1", "--context", "512", "--json",
                                 "--max-tokens", "400", "--strategy", "self-consistency:samples=1000,early_stop=false")
            time.sleep(pauses.uniform(0, 0.4))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=HANGS)
            if process.returncode == -signal.SIGINT:  # before the program could ask for the signal
                self.assertEqual((out, err), (b"", b""))
                continue
            self.assertEqual(process.returncode, 130, err)
            if out:
                self.assertEqual(json.loads(out)["receipt"]["stop_reason"], "cancelled")
            else:
                self.assertEqual(err.decode(), "reckon: interrupted before anything was spent\n")


class SolveWithACheck(CommandTest):
    def test_abstains_when_nothing_passes(self):
        code, result = self.solve_json("Once upon a time", *SMALL, "--check", "x > 0", "--strategy", "verified:samples=3")
        self.assertEqual(code, 1)
        self.assertIsNone(result["answer"])
        self.assertEqual(result["stop_reason"], "abstain")
        self.assertEqual(result["receipt"]["usage"]["discarded"], 3 * 24)

    def test_is_verified_by_default_and_takes_the_kind_of_answer_from_the_check(self):
        schema = self.write("schema.json", b'{"type": "object"}')
        _, result = self.solve_json("Once upon a time", *SMALL, "--schema", schema, "--budget", "samples=1")
        self.assertTrue(result["receipt"]["strategy"].startswith("verified:samples=16"))
        self.assertIn("```json", result["question"])

    def test_refuses_checks_that_cannot_be_used(self):
        broken = self.write("broken.json", b'{"type": ')
        tests = self.write("tests.txt", b"assert f(1) == 2")
        for part, *given in [("is not a relation", "--check", "x + 1"), ("more than one unknown", "--check", "x = y"),
                             ("JSON", "--schema", broken), ("ends in .py", "--tests", tests),
                             ("one of --tests", "--check", "x = 1", "--schema", broken),
                             ("only answers of the kind math", "--check", "x = 1", "--task", "text"),
                             ("needs something to check", "--strategy", "verified"),
                             ("does not look at a check", "--check", "x = 1", "--strategy", "single"),
                             ("did you mean judge?", "--strategy", "best-of-n:scorer=juge")]:
            with self.subTest(part):
                self.assert_refused(2, part, "solve", "x", *SMALL, *given)
        self.assert_refused(2, "nowhere.json", "solve", "x", *SMALL, "--schema", "nowhere.json")


class SolveRefuses(CommandTest):
    def test_bad_questions(self):
        self.assert_refused(2, "empty", "solve", "", *SMALL)
        self.assert_refused(2, "empty", "solve", "-", *SMALL, stdin=b" \n")
        self.assert_refused(2, "UTF-8", "solve", "-", *SMALL, stdin=b"what is \xff?")
        self.assert_refused(2, "NUL", "solve", "-", *SMALL, stdin=b"what\x00is 2+2?")

    def test_a_prompt_longer_than_the_context(self):
        self.assert_refused(2, "context", "solve", "-", *SMALL, stdin=b"word " * 3000)

    def test_a_budget_smaller_than_the_prompt(self):
        self.assert_refused(1, "budget", "solve", "Once upon a time there was a dog", *SMALL, "--budget", "tokens=3")

    def test_unknown_names_get_a_suggestion(self):
        self.assert_refused(2, "did you mean adaptive?", "solve", "x", *SMALL, "--strategy", "adaptiv")
        self.assert_refused(2, "did you mean cap?", "solve", "x", *SMALL, "--strategy", "adaptive:cpa=3")
        self.assert_refused(2, "did you mean tokens?", "solve", "x", *SMALL, "--budget", "token=3")
        self.assert_refused(2, "did you mean solve?", "slove", "x")
        self.assert_refused(2, "--temprature", "solve", "x", "--temprature", "3")
        self.assert_refused(2, "math", "solve", "x", *SMALL, "--task", "poetry")

    def test_values_out_of_range(self):
        for option, value in [("--context", "0"), ("--threads", "-1"), ("--max-tokens", "0"), ("--temperature", "-1"), ("--top-p", "0")]:
            with self.subTest(option):
                self.assert_refused(2, option, "solve", "x", *SMALL, option, value)

    def test_bad_model_files(self):
        missing = self.folder / "missing.gguf"
        empty = self.folder / "empty.gguf"
        empty.write_bytes(b"")
        text = self.folder / "text.gguf"
        text.write_text("this is not a model\n" * 100)
        whole = pathlib.Path(STORIES).read_bytes()
        cut = self.folder / "cut.gguf"
        cut.write_bytes(whole[: len(whole) // 2])
        corrupt = self.folder / "corrupt.gguf"
        corrupt.write_bytes(whole[:8] + b"\xff" * 64 + whole[72:])
        unknown = self.folder / "unknown.gguf"
        name = whole.index(b"general.architecture") + len(b"general.architecture") + 4 + 8  # type and length of the value
        unknown.write_bytes(whole[:name] + b"pasta" + whole[name + 5:])
        for path in [missing, empty, text, cut, corrupt, unknown]:
            with self.subTest(path.name):
                done = self.run_command("solve", "x", "--model", path)
                self.assertIn(done.returncode, (2, 3), done.stderr)
                self.assertIn(path.name, done.stderr.decode())
                self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1, done.stderr)
        self.assertIn(b"pasta", done.stderr)

    def test_an_unknown_alias_names_the_known_ones(self):
        done = self.run_command("solve", "x", "--model", "qwen2.5-coder-1.5")
        self.assertIn(done.returncode, (2, 3))
        self.assertIn("qwen2.5-coder-1.5b", done.stderr.decode())

    @unittest.skipIf(os.geteuid() == 0, "root reads every file: permissions are not tested as root")
    def test_a_model_that_may_not_be_read(self):
        path = self.folder / "secret.gguf"
        path.write_bytes(pathlib.Path(STORIES).read_bytes())
        path.chmod(0)
        self.assert_refused(3, "secret.gguf", "solve", "x", "--model", path)


if __name__ == "__main__":
    unittest.main()
