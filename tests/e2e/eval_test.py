"""reckon eval: survives kill -9 with no row twice and none lost, names broken lines, and tells what it cannot do."""
import json
import random
import resource
import signal
import sqlite3
import time
import unittest

from command import HANGS, STORIES, CommandTest

SMALL = ["--model", STORIES, "--threads", "1", "--context", "256", "--max-tokens", "40"]
STRATEGIES = ["--strategy", "single", "--strategy", "self-consistency:samples=3"]


class Eval(CommandTest):
    def questions(self, count):
        path = self.folder / "questions.jsonl"
        path.write_text("".join(json.dumps({"question": f"Tom has {i} apples and buys {i + 1} more. How many?", "answer": f"#### {2 * i + 1}"}) + "\n"
                                for i in range(count)))
        return path

    def rows(self, out):
        return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]

    def whole_rows(self, out):
        results = out / "results.jsonl"
        return results.read_bytes().count(b"\n") if results.exists() else 0

    def test_kill_at_random_moments_loses_nothing_and_repeats_nothing(self):
        path, out = self.questions(60), self.folder / "out"
        arguments = ["eval", path, *SMALL, *STRATEGIES, "--out", out, "--record"]
        moments = random.Random(5)
        for _ in range(20):  # counted in rows, so that they are spread over the whole run however fast the machine is
            enough = self.whole_rows(out) + moments.randrange(4)
            process = self.start(*arguments)
            self.eventually(lambda: self.whole_rows(out) >= enough or process.poll() is not None)
            time.sleep(moments.uniform(0, 0.03))
            process.kill()
            process.communicate()
        done = self.run_command(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        keys = [(row["question"], row["strategy"]) for row in self.rows(out)]
        self.assertEqual(len(keys), 120)
        self.assertEqual(len(set(keys)), 120)
        for recording in out.glob("recording-*.jsonl"):
            ids = [json.loads(line)["id"] for line in recording.read_text().splitlines()]
            self.assertEqual(sorted(ids), sorted(set(ids)))
            self.assertEqual(len(ids), 60)

    def test_a_broken_line_is_named_and_the_others_run(self):
        path = self.questions(3)
        path.write_text(path.read_text() + '{"question": "cut off\n' + '{"question": "How many?", "answer": "#### 4"}\n')
        done = self.run_command("eval", path, *SMALL, "--strategy", "single", "--out", "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("line 4", done.stderr.decode())
        self.assertEqual(len(self.rows(self.folder / "out")), 4)

    def test_prints_cost_and_intervals_beside_accuracy(self):
        done = self.run_command("eval", self.questions(3), *SMALL, *STRATEGIES, "--out", "out", "--json")
        summary = json.loads(done.stdout)
        for row in summary["strategies"]:
            self.assertGreater(row["tokens"], 0)
            self.assertGreater(row["flops"], 0)
            self.assertLessEqual(row["accuracy"]["lo"], row["accuracy"]["value"])
        self.assertTrue((self.folder / "out/results.csv").exists())

    def test_on_a_terminal_a_bar_shows_how_far_it_is_and_how_long_it_takes(self):
        code, shown = self.on_a_terminal("eval", self.questions(3), *SMALL, "--strategy", "single", "--out", "out")
        self.assertEqual(code, 0, shown)
        lines = shown.split(b"\r\x1b[K")
        self.assertRegex(lines[-2], rb"^\[#{24}\] 3/3 runs, \d right, 0:00 left$")
        self.assertEqual(lines[-1], b"")

    def test_one_price_follows_a_mean_budget_and_goes_on_after_a_stop(self):
        path, out = self.questions(8), self.folder / "out"
        # One at a time: what a cancelled draw had computed depends on the moment, and the price on what was computed.
        arguments = ["eval", path, *SMALL, "--strategy", "single", "--strategy", "adaptive:rule=voc,cap=6,wave=1", "--mean-budget", "tokens=90",
                     "--out", out]
        self.text(*arguments, "--json")
        rows = self.rows(out)
        prices = [row["price"] for row in rows if row["price"] is not None]
        self.assertEqual(len(prices), 8)
        self.assertEqual(prices[0], 0.02)
        self.assertGreater(len(set(prices)), 1)
        results = out / "results.jsonl"
        results.write_text("".join(line + "\n" for line in results.read_text().splitlines()[:7]))
        self.text(*arguments, "--json")
        self.assertEqual([row["price"] for row in self.rows(out) if row["price"] is not None], prices)
        self.assert_refused(2, "none of the strategies", "eval", path, *SMALL, "--strategy", "single", "--mean-budget", "tokens=90")
        self.assert_refused(2, "give one of them", "eval", path, *SMALL, "--price", "0.1", "--mean-budget", "tokens=90")

    def test_interrupt_keeps_whole_rows_and_says_how_to_go_on(self):
        path, out = self.questions(400), self.folder / "out"
        process = self.start("eval", path, *SMALL, *STRATEGIES, "--out", out)
        self.eventually(lambda: self.whole_rows(out) >= 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANGS)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("goes on", err.decode())
        rows = self.rows(out)
        for row in rows:
            self.assertIn("verdict", row)
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:  # the run that was cut short is paid for, too
            entered = database.execute("SELECT count(*) FROM runs").fetchone()[0]
        self.assertIn(entered - len(rows), (0, 1))

    def test_refuses_what_it_cannot_do(self):
        self.assert_refused(2, "nowhere.jsonl", "eval", "nowhere.jsonl", *SMALL)
        empty = self.folder / "empty.jsonl"
        empty.write_text("")
        self.assert_refused(2, "empty.jsonl", "eval", empty, *SMALL)
        self.assert_refused(2, "did you mean", "eval", self.questions(1), *SMALL, "--strategy", "singel")
        self.assert_refused(2, "gsm8k", "eval", self.questions(1), *SMALL, "--format", "gsm9k")
        self.assert_refused(3, "/proc/nowhere", "eval", self.questions(1), *SMALL, "--out", "/proc/nowhere")

    def test_a_full_disk_is_one_sentence(self):
        path = self.questions(20)
        full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        done = self.run_command("eval", path, *SMALL, *STRATEGIES, "--out", "out", preexec_fn=full)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1, done.stderr)
        self.assertIn(str(self.folder), done.stderr.decode())
        results = self.folder / "out/results.jsonl"
        for line in results.read_text().splitlines() if results.exists() else []:
            json.loads(line)


if __name__ == "__main__":
    unittest.main()
