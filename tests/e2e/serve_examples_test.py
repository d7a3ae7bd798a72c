"""The examples of docs/switching.md, as they stand there, against a real server."""
import importlib.util
import re
import shutil
import subprocess
import sys
import unittest

from command import SOURCE, STORIES
from server import ServerTest

PAGE = (SOURCE / "docs/switching.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


class ExamplesTest(ServerTest):
    def here(self, text):
        """The same example, with this server and its model."""
        self.assertIn("http://127.0.0.1:8080", text)
        return text.replace("http://127.0.0.1:8080", self.url).replace("qwen2.5-coder-1.5b", STORIES)

    def test_python(self):
        ran = 0
        for text in blocks("python"):
            module = re.search(r"^from (\w+) import", text, re.M).group(1)
            if not importlib.util.find_spec(module):
                continue
            done = subprocess.run([sys.executable, "-c", self.here(text)], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, text + done.stderr)
            self.assertTrue(done.stdout.strip(), text)
            ran += 1
        if not ran:
            self.skipTest("openai and anthropic are not installed; run tools/e2e-clients")
        self.assertEqual(ran, 3)

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        for text in blocks("bash"):
            done = subprocess.run(["bash", "-c", self.here(text)], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, text + done.stderr)
            self.assertIn('"choices"', done.stdout)


if __name__ == "__main__":
    unittest.main()
