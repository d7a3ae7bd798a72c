"""The examples of docs/switching.md and docs/api.md, as they stand there, against a real server."""
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import unittest

from command import HANGS, SOURCE, STORIES
from server import ServerTest

API = (SOURCE / "docs/api.md").read_text()
PAGES = (SOURCE / "docs/switching.md").read_text() + API


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGES, re.S)


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
            done = subprocess.run([sys.executable, "-c", self.here(text)], capture_output=True, text=True, timeout=HANGS)
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
            done = subprocess.run(["bash", "-c", self.here(text)], capture_output=True, text=True, timeout=HANGS)
            self.assertEqual(done.returncode, 0, text + done.stderr)
            self.assertIn('"choices"', done.stdout)

    def test_every_route_of_the_table_is_there(self):
        table = API.split("\n## Routes\n")[1].split("\n## ")[0]
        routes = re.findall(r"`(GET|POST|DELETE) (/[^`]*)`", table)
        self.assertGreater(len(routes), 15)
        for method, path in routes:
            response, data = self.request(method, path, b"{}" if method == "POST" else None)
            code = "" if response.status == 200 else json.loads(data)["error"].get("code", "")
            self.assertNotIn(code, ("unknown_route", "method_not_allowed"), (method, path, data))

    def test_the_configuration_is_understood(self):
        text = "".join(re.findall(r'^    (listen = "127.*?)\n\n', API, re.S | re.M)).replace("\n    ", "\n")
        text = re.sub(r"\[tls\]\n.*\n.*\n|calibration = .*\n", "", text).replace('"..."', '"' + 64 * "a" + '"')
        self.assertIn("tokens_per_month", text)
        self.assertIn("is fine", self.text("serve", "--check-config", "--config", self.write("c.toml", text.encode())))


if __name__ == "__main__":
    unittest.main()
