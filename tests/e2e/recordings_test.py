"""Recordings of real runs: the same decisions again, replay, and what cannot be replayed."""
import json
import threading
import unittest

from command import STORIES, CommandTest
from server import ServerTest

SMALL = ["--model", STORIES, "--threads", "1", "--context", "512", "--max-tokens", "30"]


class Recordings(CommandTest):
    def record(self, *strategies, count=3):
        path = self.folder / "questions.jsonl"
        path.write_text("".join(json.dumps({"id": f"q{i}", "question": f"{name} had a", "answer": "dog", "task": "text"}) + "\n"
                                for i, name in enumerate(["Tom", "Lily", "Ben", "Mia"][:count])))
        chosen = [part for strategy in strategies for part in ("--strategy", strategy)]
        self.text("eval", path, *SMALL, *chosen, "--temperature", "1.5", "--record", "--out", "out")
        return sorted(self.folder.glob("out/recording-*.jsonl"))

    def test_a_live_run_takes_the_same_decisions_again(self):
        files = self.record("adaptive:wave=3", "self-consistency:samples=5", "single")
        said = self.text("recordings", "rerun", *files)
        self.assertEqual(said, "9 of 9 runs took the same decisions again\n")

    def test_samples_keep_tokens_finish_and_a_trace_of_every_64_tokens(self):
        path = self.write("questions.jsonl", b'{"id": "q", "question": "Tom had a", "answer": "dog", "task": "text"}\n')
        self.text("eval", path, "--model", STORIES, "--threads", "1", "--context", "512", "--max-tokens", "150", "--strategy",
                  "self-consistency:samples=3,early_stop=false", "--record", "--out", "out")
        line = json.loads(next(self.folder.glob("out/recording-*.jsonl")).read_text())
        self.assertEqual(len(line["samples"]), 3)
        self.assertTrue(0 < line["run"]["difficulty"] < 1)
        for sample in line["samples"]:
            self.assertIn(sample["finish"], ("stop", "length"))
            lengths = [tokens for tokens, mean, least, entropy, repetition in sample["trace"]]
            self.assertEqual(sum(lengths), sample["tokens"])
            self.assertEqual(set(lengths[:-1]), {64})
            for tokens, mean, least, entropy, repetition in sample["trace"]:
                self.assertTrue(least <= mean <= 0 <= entropy, sample["trace"])
                self.assertTrue(0 <= repetition <= 1)

    def test_a_tampered_log_is_noticed(self):
        file = self.record("adaptive:wave=2", count=1)[0]
        line = json.loads(file.read_text())
        line["run"]["votes"] += 1
        file.write_text(json.dumps(line) + "\n")
        done = self.run_command("recordings", "rerun", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"votes", done.stderr)

    def test_full_samples_replay_and_early_stops_do_not(self):
        full = self.record("self-consistency:samples=6,early_stop=false")
        page = self.folder / "page.html"
        self.text("replay", full[0], "--policy", "lead:m=2,cap=4", "--orders", "5", "--resamples", "20", "--html", page)
        self.assertIn("lead:m=2,cap=4", page.read_text())
        early = [json.loads(line) for line in full[0].read_text().splitlines()]
        early[1]["run"]["stop_reason"] = "decided"
        self.write("early.jsonl", "".join(json.dumps(line) + "\n" for line in early).encode())
        self.assert_refused(2, "stopped early", "replay", "early.jsonl")

    def test_files_are_put_together_packed_and_listed(self):
        files = self.record("single", count=2)
        self.text("recordings", "merge", files[0], files[0], "--out", "all.jsonl.zst")
        self.assertIn("        2         2        1", self.text("recordings", "ls", "all.jsonl.zst"))
        self.assertIn("q1", self.text("recordings", "show", "all.jsonl.zst", "--question", "q1"))
        self.assert_refused(2, "does not exist", "recordings", "validate", "absent.jsonl")

    def test_solve_appends_to_a_recording_that_takes_the_same_decisions_again(self):
        for text in ("Once upon a time", "Tom had a", "Once upon a time"):
            self.solve_json(text, *SMALL, "--task", "text", "--temperature", "1.5", "--strategy", "adaptive:wave=3", "--record", "mine.jsonl")
        self.assertEqual(self.text("recordings", "rerun", "mine.jsonl"), "3 of 3 runs took the same decisions again\n")
        lines = [json.loads(line) for line in (self.folder / "mine.jsonl").read_text().splitlines()]
        self.assertEqual(lines[0]["id"], lines[2]["id"])
        self.assertNotEqual(lines[0]["id"], lines[1]["id"])
        self.assertIn("Tom had a", lines[1]["question"][0]["content"])
        self.assert_refused(2, "packed", "solve", "x", *SMALL, "--record", "mine.jsonl.zst")
        self.assert_refused(3, "/proc/mine.jsonl", "solve", "x", *SMALL, "--record", "/proc/mine.jsonl")


class ServeRecords(ServerTest):
    options = ("--record", "served.jsonl")

    def test_every_request_is_one_whole_line_however_many_run_at_once(self):
        def ask(i):
            self.chat(model=STORIES + ("@sc3" if i % 2 else ""), messages=[{"role": "user", "content": f"Tom had {i}"}], seed=i)
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.request("POST", "/v1/completions", {"model": STORIES, "prompt": "Once upon", "max_tokens": 8})
        self.assertEqual(self.stop()[0], 0)
        lines = [json.loads(line) for line in (self.folder / "served.jsonl").read_text().splitlines()]
        self.assertEqual(sorted(line["question"][0]["content"] for line in lines),
                         sorted([f"Tom had {i}" for i in range(12)] + ["Once upon"]))
        self.assertEqual({len(line["samples"]) + len(line["run"].get("cancelled", [])) for line in lines}, {1, 3})
        self.assertEqual(len({line["id"] for line in lines}), 13)


if __name__ == "__main__":
    unittest.main()
