"""Runs the command in a home of its own. Each test file uses `Command`; RECKON names the binary under test."""

import os
import subprocess
import tempfile
import unittest

BINARY = os.environ["RECKON"]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")


class Command(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        home = tempfile.TemporaryDirectory(prefix="reckon-e2e-")
        self.addCleanup(home.cleanup)
        self.home = home.name
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.home,
            "LC_ALL": "C.UTF-8",
        }

    def path(self, *parts):
        return os.path.join(self.home, *parts)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def reckon(self, *arguments, stdin="", timeout=120):
        """The finished process: returncode, stdout, stderr."""
        return subprocess.run(
            [BINARY, *arguments], input=stdin, capture_output=True, encoding="utf-8", errors="surrogateescape",
            env=self.environment, cwd=self.home, timeout=timeout)

    def fails(self, code, *arguments, says, **keywords):
        """Ends with this exit code, nothing on stdout, and one clear sentence on stderr that holds each of `says`."""
        done = self.reckon(*arguments, **keywords)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("reckon: "), done.stderr)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.stderr)
        return done
