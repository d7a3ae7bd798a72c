"""The tables of docs/api.md are those that the program makes."""
import os
import subprocess
import sys
import unittest

from command import SOURCE


class ApiTablesTest(unittest.TestCase):
    def test_the_page_says_what_the_program_does(self):
        command = [sys.executable, SOURCE / "tools/api-tables", "--check", os.path.dirname(os.environ["RECKON"])]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
