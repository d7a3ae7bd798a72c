import json
import sqlite3

from command import CommandTest, STORIES


class Ledger(CommandTest):
    def rows(self):
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM runs ORDER BY sequence")]

    def solve(self, *arguments):
        done = self.run_command("solve", "Once upon a time", "--model", STORIES, "--max-tokens", 24, "--threads", 1, "--json", *arguments)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return json.loads(done.stdout)["receipt"]

    def test_every_run_is_a_row_that_agrees_with_its_receipt(self):
        for strategy in ("single", "self-consistency:samples=3"):
            receipt = self.solve("--strategy", strategy)
            row = self.rows()[-1]
            self.assertEqual(row["id"], receipt["id"])
            for kind in ("prompt", "cached", "selected", "discarded", "verifier", "probe"):
                self.assertEqual(row[kind], receipt["usage"][kind], kind)
            self.assertEqual(row["strategy"], receipt["strategy"])
            self.assertEqual(row["joules"], receipt["joules"])
            self.assertEqual(row["command"], "solve")
        self.assertEqual(len(self.rows()), 2)

    def test_eval_enters_each_question(self):
        lines = [json.dumps({"question": f"Once upon a time {i}", "answer": "#### 1"}) for i in range(3)]
        data = self.write("questions.jsonl", ("\n".join(lines) + "\n").encode())
        self.text("eval", data, "--model", STORIES, "--max-tokens", "16", "--threads", "1", "--strategy", "single", "--out", self.folder / "out")
        self.assertEqual([row["command"] for row in self.rows()], ["eval"] * 3)
        self.assertEqual(len({row["question"] for row in self.rows()}), 3)

    def test_a_ledger_that_cannot_be_written_is_said_before_anything_is_spent(self):
        self.environment["XDG_DATA_HOME"] = str(self.write("file", b""))
        self.assert_refused(3, "cannot create the folder", "solve", "Hello", "--model", STORIES)

    def test_a_damaged_ledger_is_left_alone(self):
        ledger = self.write("data/reckon/reckon.db", b"x" * 8192)
        self.assert_refused(3, "no database of Reckon", "solve", "Hello", "--model", STORIES)
        self.assertEqual(ledger.read_bytes(), b"x" * 8192)


if __name__ == "__main__":
    import unittest
    unittest.main()
