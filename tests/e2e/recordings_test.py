"""Recordings of real runs: the same decisions again, replay, and what cannot be replayed."""
import json
import unittest

from command import STORIES, CommandTest

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


if __name__ == "__main__":
    unittest.main()
