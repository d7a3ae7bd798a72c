import json
import re

from command import Command


class Usage(Command):
    def commands(self):
        text = self.reckon("--help").stdout
        return re.findall(r"^  ([a-z]+) ", text.split("Subcommands:")[1], re.M)

    def test_version_is_stable_json(self):
        info = json.loads(self.reckon("version", "--json").stdout)
        self.assertRegex(info["reckon"], r"^\d+\.\d+\.\d+$")

    def test_every_help_fits_a_screen_and_ends_with_an_example(self):
        for command in self.commands():
            with self.subTest(command=command):
                done = self.reckon(command, "--help")
                self.assertEqual(done.returncode, 0)
                lines = done.stdout.rstrip().splitlines()
                self.assertLessEqual(len(lines), 50)
                if "Subcommands:" not in done.stdout:
                    self.assertEqual(lines[-2], "Example:")
                    self.assertTrue(lines[-1].startswith(f"  reckon {command}"), lines[-1])

    def test_an_unknown_command_gets_a_suggestion(self):
        self.fails(2, "verison", says=["verison", "did you mean version?"])

    def test_an_unknown_option_is_a_usage_error(self):
        for command in self.commands():
            with self.subTest(command=command):
                done = self.reckon(command, "--no-such-option")
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith("reckon: "))


if __name__ == "__main__":
    import unittest
    unittest.main()
