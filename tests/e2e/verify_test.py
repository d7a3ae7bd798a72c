"""reckon verify: answers compared and found, from files and from standard input, whatever stands in them."""
import json
import subprocess
import unittest

from command import CommandTest


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Verify(CommandTest):
    def rows(self, content, *arguments):
        done = self.run_command("verify", "-", *arguments, stdin=content)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()

    def test_every_line_gets_its_verdict_in_the_order_of_the_file(self):
        pairs = [{"id": i, "gold": str(i), "candidate": rf"\frac{{{2 * i}}}{{2}}" if i % 3 else str(i + 1)} for i in range(10000)]
        path = self.write("pairs.jsonl", lines(pairs))
        done = self.run_command("verify", path, "--threads", "3")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([row["id"] for row in rows], list(range(10000)))
        for row in rows:
            self.assertEqual(row["verdict"], "equal" if row["id"] % 3 else "different", row)
            self.assertEqual(row["canonical_gold"], str(row["id"]))
            self.assertEqual(row["canonical"], str(row["id"] if row["id"] % 3 else row["id"] + 1))
            self.assertTrue(row["reason"])

    def test_a_verdict_is_printed_before_the_next_line_is_there(self):
        process = self.start("verify", "-", stdin=subprocess.PIPE)
        for candidate, verdict in (("1.0", "equal"), ("2", "different"), ("3/3", "equal")):
            process.stdin.write(lines([{"gold": "1", "candidate": candidate}]))
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["verdict"], verdict)
        self.assertEqual(process.communicate(timeout=60), (b"", b""))
        self.assertEqual(process.returncode, 0)

    def test_a_line_that_cannot_be_read_is_a_row_and_the_others_run(self):
        content = b'{"gold": "1", "candidate": "1.0"}\nnot json\n\n{"gold": "1"}\n\xff\n{"gold": "2", "candidate": "two"}'
        rows, said = self.rows(content)
        self.assertEqual([row["verdict"] for row in rows], ["equal", "error", "error", "error", "error", "equal"])
        self.assertEqual([line.split(":")[0] for line in said.splitlines()], ["line 2", "line 3", "line 4", "line 5"])

    def test_choices_and_texts_are_compared_as_such(self):
        rows, _ = self.rows(lines([{"task": "choice", "gold": "B", "candidate": "(B) green"}, {"task": "choice", "gold": "B", "candidate": "B or C"},
                                   {"task": "text", "gold": "The Red Ball", "candidate": "red ball."}, {"task": "text", "gold": "12", "candidate": "twelve"},
                                   {"task": "math", "gold": "x^2-1", "candidate": "(x-1)(x+1)"}, {"gold": "\\int x", "candidate": "7"}]))
        self.assertEqual([row["verdict"] for row in rows][:5], ["equal", "different", "equal", "equal", "equal"])
        self.assertNotEqual(rows[5]["verdict"], "equal")

    def test_hostile_answers_are_refused_quickly_and_stop_nothing(self):
        rows, _ = self.rows(lines([{"gold": "1", "candidate_parts": [["(", 300000]]}, {"gold": "1", "candidate": "9" * 10000 + "!"},
                                   {"gold": "1", "candidate": "9^{9^{9^{9}}}"}, {"gold": "1", "candidate_b64": "MQAy"}, {"gold": "1", "candidate": "1"}]))
        self.assertNotIn("equal", [row["verdict"] for row in rows[:4]])
        self.assertEqual(rows[4]["verdict"], "equal")

    def test_answers_of_every_kind_are_found_with_the_bytes_they_stand_in(self):
        texts = [("math", "é: so it is \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"), ("math", "<think>\\boxed{7}", None),
                 ("text", "The answer is Paris.", "Paris"), ("choice", "The answer is (B).", "B"), ("choice", "A or B", None),
                 ("json", 'ü Here:\n```json\n{"a": [1, 2]}\n```', '{"a": [1, 2]}'), ("json", "no value", None),
                 ("code", "ü\n```python\nx = 1\n```", "x = 1\n"), ("code", "no program", None)]
        rows, _ = self.rows(lines({"task": task, "text": text} for task, text, _ in texts), "--extract")
        for row, (task, text, expected) in zip(rows, texts, strict=True):
            with self.subTest(text):
                self.assertEqual(row["extracted"], expected)
                if expected is None:
                    self.assertIsNone(row["span"])
                elif task != "choice":
                    self.assertEqual(text.encode()[slice(*row["span"])].decode(), expected)

    def test_explains_how_both_are_read_and_which_rule_decides(self):
        said = self.text("verify", "--explain", "\\frac12", "50\\%")
        self.assertIn("(div 1 2)", said)
        self.assertIn("different: a percent sign that the gold has not", said)

    def test_what_cannot_be_used_is_refused(self):
        self.assert_refused(2, "no file nowhere.jsonl", "verify", "nowhere.jsonl")
        self.assert_refused(2, "one file", "verify", "a", "b")
        self.assert_refused(2, "two answers", "verify", "--explain", "a")


if __name__ == "__main__":
    unittest.main()
