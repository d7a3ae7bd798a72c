"""Runs the real command from outside, in a home folder of its own."""
import json
import os
import pathlib
import pty
import subprocess
import tempfile
import time
import unittest

RECKON = os.environ["RECKON"]
SOURCE = pathlib.Path(os.environ["SOURCE"])
STORIES = str(SOURCE / "tests/data/stories260K.gguf")
HANGS = 300  # seconds; only what hangs takes so long, also on a slow and busy machine


class CommandTest(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": self._folder.name,
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }

    def start(self, *arguments, **options):
        return subprocess.Popen([RECKON, *map(str, arguments)], cwd=self.folder, env=self.environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run_command(self, *arguments, stdin=b"", **options):
        return subprocess.run([RECKON, *map(str, arguments)], cwd=self.folder, env=self.environment, input=stdin,
                              capture_output=True, timeout=HANGS, **options)

    def on_a_terminal(self, *arguments):
        """Its exit code, and what a terminal on its standard error was sent: less than a terminal takes without a reader."""
        terminal, stderr = pty.openpty()
        done = subprocess.run([RECKON, *map(str, arguments)], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=stderr, timeout=HANGS)
        os.close(stderr)
        with open(terminal, "rb", buffering=0) as shown:
            return done.returncode, shown.read(65536)

    def text(self, *arguments):
        """Its standard output, where nothing goes wrong."""
        done = self.run_command(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def eventually(self, fact):
        end = time.monotonic() + HANGS
        while not fact():
            self.assertLess(time.monotonic(), end, "it never happened")
            time.sleep(0.02)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def assert_refused(self, code, part, *arguments, **options):
        """One clear sentence on stderr, nothing on stdout, this exit code, never an abort."""
        done = self.run_command(*arguments, **options)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, code, said)
        self.assertEqual(done.stdout, b"")
        self.assertIn(part, said)
        self.assertTrue(said.startswith("reckon: "), said)
        self.assertEqual(len(said.strip().splitlines()), 1, said)

    def solve_json(self, *arguments):
        done = self.run_command("solve", "--json", *arguments)
        return done.returncode, json.loads(done.stdout)
