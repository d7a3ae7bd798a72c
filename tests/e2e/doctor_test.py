import json
import shutil
import subprocess

from command import RECKON, CommandTest, STORIES


class Doctor(CommandTest):
    def test_it_says_what_the_machine_can_run(self):
        facts = json.loads(self.text("doctor", "--json"))
        self.assertEqual(facts["schema"], "reckon.doctor/1")
        self.assertGreaterEqual(facts["processor"]["threads"], 1)
        self.assertGreater(facts["memory_bytes"], facts["memory_available_bytes"])
        self.assertRegex(facts["engine"]["version"], r"^llama\.cpp 0\.5\.")
        self.assertIsNone(facts["data"]["problem"])
        text = self.text("doctor")
        for part in ("processor", "cores", "memory", "engine", "models", "data", "sandbox", "energy"):
            self.assertRegex(text, rf"(?m)^{part}\s+\S")

    def test_with_a_model_it_says_how_the_engine_runs_it(self):
        facts = json.loads(self.text("doctor", "--json", "--model", STORIES))["engine"]
        self.assertGreaterEqual(facts["threads"], 1)
        self.assertIsInstance(facts["batch_cost"], list)
        self.assert_refused(2, "no model or file", "doctor", "--model", "nothing")

    def test_a_data_folder_that_cannot_be_written_is_found(self):
        self.environment["XDG_DATA_HOME"] = str(self.write("file", b""))
        done = self.run_command("doctor")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot create the folder", done.stdout)


class Completion(CommandTest):
    def complete(self, *words):
        """What bash offers for the last word."""
        script = 'source <("$0" completion bash); shift 0; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _reckon; echo "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, RECKON, *words], env=self.environment, capture_output=True, text=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_commands_subcommands_options_and_models(self):
        self.assertIn("solve", self.complete("reckon", ""))
        self.assertEqual(self.complete("reckon", "sol"), ["solve"])
        self.assertIn("pull", self.complete("reckon", "models", ""))
        self.assertIn("--strategy", self.complete("reckon", "solve", "--str"))
        self.assertEqual(self.complete("reckon", "models", "pull", "--sh"), ["--sha256"])
        self.assertEqual(self.complete("reckon", "models", "pull", "smo"), ["smollm2-135m"])
        self.assertIn("qwen2.5-coder-1.5b", self.complete("reckon", "solve", "--model", "qwen"))
        self.assertEqual(self.complete("reckon", "eval", "dat"), [], "a file: left to the shell")

    def test_every_shell_gets_every_command(self):
        for shell in ("bash", "zsh", "fish"):
            script = self.text("completion", shell)
            for word in ("solve", "eval", "models", "doctor", "strategy", "smollm2-135m"):
                self.assertIn(word, script)
            if shutil.which(shell):
                checked = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True)
                self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_another_shell_is_refused(self):
        self.assert_refused(2, "bash, zsh and fish", "completion", "tcsh")


if __name__ == "__main__":
    import unittest
    unittest.main()
