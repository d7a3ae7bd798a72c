import json
import re

from command import CommandTest


class Usage(CommandTest):
    def commands(self, *group):
        """Words of each command, those of groups included: ("solve",), ("models",), ("models", "pull"), ..."""
        text = self.text(*group, "--help")
        if "Subcommands:" not in text:
            return []
        found = [(*group, name) for name in re.findall(r"^  ([a-z-]+) ", text.split("Subcommands:")[1].split("\n\n")[0], re.M)]
        return found + [deeper for command in found for deeper in self.commands(*command)]

    def test_version_is_stable_json(self):
        info = json.loads(self.text("version", "--json"))
        self.assertEqual(info["schema"], "reckon.version/1")
        self.assertRegex(info["reckon"], r"^\d+\.\d+\.\d+$")

    def test_every_help_fits_a_screen_and_ends_with_an_example(self):
        self.assertIn(("models", "pull"), self.commands())
        for command in self.commands():
            with self.subTest(command=command):
                text = self.text(*command, "--help")
                lines = text.rstrip().splitlines()
                self.assertLessEqual(len(lines), 50)
                if "Subcommands:" not in text:
                    self.assertEqual(lines[-2], "Example:")
                    self.assertTrue(lines[-1].startswith("  reckon " + " ".join(command)), lines[-1])

    def test_an_unknown_command_gets_a_suggestion(self):
        self.assert_refused(2, "'verison' (did you mean version?)", "verison")

    def test_an_unknown_option_is_a_usage_error(self):
        for command in self.commands():
            with self.subTest(command=command):
                done = self.run_command(*command, "--no-such-option")
                self.assertEqual(done.returncode, 2)
                self.assertTrue(done.stderr.startswith(b"reckon: "))


if __name__ == "__main__":
    import unittest
    unittest.main()
