"""Programs that a model writes: run in the sandbox, accepted by tests, chosen by tests that the model writes itself."""
import json
import unittest

from command import CommandTest
from scripted_model import write_model

RIGHT = "```python\ndef double(x):\n    return x + x\n```"
SAME = "Doubling is a product:\n```python\ndef double(x):\n    return 2 * x\n```"
WRONG = "```python\ndef double(x):\n    return x * x\n```"
QUITS = "```python\ndef double(x):\n    raise SystemExit(0)\n```"
QUESTION = "Write double(x), which returns twice x."
TESTS = "```python\nassert double(2) == 4\nassert double(3) == 6\nassert double(-1) == -2\nassert double(5) == 25\n```"


class Programs(CommandTest):
    def setUp(self):
        super().setUp()
        sandbox = json.loads(self.run_command("doctor", "--json").stdout)["sandbox"]
        if sandbox is not None:
            self.skipTest(f"no program was run: {sandbox}")

    def solve(self, script, *arguments):
        model = write_model(self.folder / "model.gguf", script)
        return self.solve_json(QUESTION, "--model", model, "--threads", "1", "--context", "2048", "--temperature", "1", *arguments)

    def test_a_program_that_passes_the_users_tests_is_accepted(self):
        tests = self.write("tests.py", b"assert double(3) == 6\nassert double('ab') == 'abab'\n")
        code, result = self.solve([("", {RIGHT: 1, WRONG: 3, QUITS: 3})], "--tests", tests, "--strategy", "verified:samples=60,wave=4")
        self.assertEqual(code, 0)
        self.assertEqual(result["stop_reason"], "accepted")
        self.assertEqual(result["answer"].strip(), "def double(x):\n    return x + x")
        self.assertGreater(result["receipt"]["usage"]["discarded"], 0)

    def test_a_program_that_does_not_is_never_given(self):
        tests = self.write("tests.py", b"assert double(3) == 6\n")
        code, result = self.solve([("", {WRONG: 1, QUITS: 1})], "--tests", tests, "--strategy", "verified:samples=4")
        self.assertEqual(code, 1)
        self.assertIsNone(result["answer"])
        self.assertEqual(result["stop_reason"], "abstain")

    def test_tests_of_the_models_own_choose_what_most_programs_agree_on(self):
        script = [("Do not solve it", {TESTS: 1}), ("", {RIGHT: 2, SAME: 2, WRONG: 1})]
        code, result = self.solve(script, "--task", "code", "--strategy", "generate-tests:samples=12,tests=2")
        self.assertEqual(code, 0)
        self.assertIn(result["answer"].strip(), ("def double(x):\n    return x + x", "def double(x):\n    return 2 * x"))
        begin, end = result["span"]
        self.assertEqual(result["text"].encode()[begin:end].decode(), result["answer"])
        self.assertGreater(result["receipt"]["usage"]["verifier"], 100)  # the prompt for tests
        self.assertEqual(result["receipt"]["samples"], 12)

    def test_when_no_program_holds_a_test_of_the_models_own_there_is_no_answer(self):
        script = [("Do not solve it", {"assert double(2) == 5": 1}), ("", {RIGHT: 1})]
        code, result = self.solve(script, "--task", "code", "--strategy", "generate-tests:samples=3,tests=1")
        self.assertEqual(code, 1)
        self.assertEqual(result["stop_reason"], "abstain")

    def test_eval_asks_for_tests_of_published_questions(self):
        published = {"task_id": "HumanEval/x", "entry_point": "double", "canonical_solution": "    return 2 * x\n",
                     "prompt": 'from typing import List\n\n\ndef double(x: int) -> int:\n    """Twice x."""\n',
                     "test": "def check(candidate):\n    assert candidate(7) == 14\n"}
        bare = {"task_id": 11, "text": "Write a function double that doubles.", "code": "def double(x):\n    return x + x",
                "test_list": ["assert double(4) == 8"]}
        script = [("Do not solve it", {TESTS: 1}), ("", {RIGHT: 3, WRONG: 1})]
        model = write_model(self.folder / "model.gguf", script)
        for name, row in (("humaneval", published), ("mbpp", bare)):
            with self.subTest(name):
                path = self.write(f"{name}.jsonl", json.dumps(row).encode() + b"\n")
                table = json.loads(self.text("eval", path, "--format", name, "--model", model, "--threads", "1", "--temperature", "1",
                                             "--strategy", "generate-tests:samples=6,tests=1", "--out", self.folder / name, "--json"))
                row = json.loads((self.folder / name / "results.jsonl").read_text())
                self.assertEqual(row["correct"], True, table)
                self.assertGreater(row["usage"]["verifier"], 100)

    def test_a_question_without_a_program_is_refused(self):
        for model in ("no-such-model.gguf", write_model(self.folder / "model.gguf", [("", {"4": 1})])):  # before it is loaded
            self.assert_refused(2, "kind code, not math", "solve", "2+2?", "--model", model, "--strategy", "generate-tests")
            self.assert_refused(2, "kind code, not json", "solve", "2+2?", "--model", model, "--strategy", "generate-tests:samples=2", "--task", "json")


if __name__ == "__main__":
    unittest.main()
