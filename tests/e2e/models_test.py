import hashlib
import http.server
import json
import os
import re
import signal
import subprocess
import threading

from command import HANGS, RECKON, CommandTest

CONTENT = b"GGUF" + bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT under every path but /missing; can break off, refuse to resume, stall or be slow to recover."""

    breaks_off_after = None  # bytes, once
    resumes = True
    stalls_after = None
    errors = 0  # answers 503 this many times first
    ranges = None


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        if self.path.startswith("/missing"):
            return self.send_error(404)
        if server.errors > 0:
            server.errors -= 1
            return self.send_error(503)
        begin = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        server.ranges.append(int(asked.group(1)) if asked else 0)
        if asked and server.resumes:
            begin = int(asked.group(1))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.send_header("X-Repo-Commit", "c0ffee")
        self.send_header("X-Linked-ETag", f'"{SHA256}"')
        self.end_headers()
        end = len(CONTENT)
        if server.breaks_off_after:
            end, server.breaks_off_after = begin + server.breaks_off_after, None
        if server.stalls_after:
            self.wfile.write(CONTENT[begin:server.stalls_after])
            self.wfile.flush()
            server.stalled.release()
            server.go_on.wait(HANGS)
            return
        self.wfile.write(CONTENT[begin:end])


class Models(CommandTest):
    def setUp(self):
        super().setUp()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.ranges = []
        self.server.stalled = threading.Semaphore(0)
        self.server.go_on = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.go_on.set)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.environment["HF_ENDPOINT"] = self.url
        self.stored = self.folder / "data/reckon/models/m.gguf"
        self.part = self.folder / "data/reckon/models/m.gguf.part"

    def pull(self, *arguments):
        done = self.run_command("models", "pull", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, b"", "no progress line where stderr is no terminal")
        return done.stdout.decode()

    def test_a_transfer_that_breaks_off_is_resumed(self):
        self.server.breaks_off_after = 300_000
        self.pull(self.url + "/m.gguf", "--sha256", SHA256)
        self.assertEqual(self.stored.read_bytes(), CONTENT)
        self.assertEqual(self.server.ranges, [0, 300_000])

    def test_a_server_that_cannot_resume_starts_again(self):
        self.server.breaks_off_after = 300_000
        self.server.resumes = False
        self.pull(self.url + "/m.gguf", "--sha256", SHA256)
        self.assertEqual(self.stored.read_bytes(), CONTENT)

    def test_an_overloaded_server_is_asked_again(self):
        self.server.errors = 2
        self.pull(self.url + "/m.gguf")
        self.assertEqual(self.stored.read_bytes(), CONTENT)

    def test_interrupt_and_kill_keep_what_is_there(self):
        for how, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
            with self.subTest(signal=how):
                self.server.stalls_after = 200_000
                child = self.start("models", "pull", self.url + "/m.gguf", text=True)
                self.assertTrue(self.server.stalled.acquire(timeout=HANGS))
                self.eventually(lambda: self.part.exists() and self.part.stat().st_size >= 200_000)
                child.send_signal(how)
                _, errors = child.communicate(timeout=HANGS)
                self.assertEqual(child.returncode, code)
                if how == signal.SIGINT:
                    self.assertEqual(errors, "reckon: interrupted; run the same command to go on\n")
                self.assertGreaterEqual(self.part.stat().st_size, 200_000)
                self.server.stalls_after = None
        self.pull(self.url + "/m.gguf", "--sha256", SHA256)
        self.assertEqual(self.server.ranges[-1], 200_000)
        self.assertEqual(self.stored.read_bytes(), CONTENT)

    def test_hf_files_lie_in_the_standard_cache(self):
        self.environment["HF_HOME"] = str(self.folder / "hf")
        name = "hf:owner/repo/m.gguf"
        self.pull(name)
        repo = self.folder / "hf/hub/models--owner--repo"
        self.assertEqual((repo / "snapshots/c0ffee/m.gguf").read_bytes(), CONTENT)
        self.assertEqual(os.readlink(repo / "snapshots/c0ffee/m.gguf"), f"../../blobs/{SHA256}")
        self.assertEqual((repo / "refs/main").read_text(), "c0ffee")
        self.assertEqual(self.text("models", "path", name), f"{repo}/snapshots/c0ffee/m.gguf\n")
        self.assertIn(name, self.text("models", "list"))
        self.assertIn("was here", self.pull(name))

        self.write(f"hf/hub/models--owner--repo/blobs/{SHA256}", CONTENT[:-1] + b"x")
        done = self.run_command("models", "verify", name)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"damaged", done.stdout)
        self.text("models", "rm", name)
        self.assert_refused(3, f"reckon models pull {name}", "models", "path", name)

    def test_list_is_stable_json(self):
        models = json.loads(self.text("models", "list", "--json"))
        self.assertEqual(models["schema"], "reckon.models/1")
        self.assertIn("qwen2.5-coder-1.5b", [m["name"] for m in models["models"]])
        one = json.loads(self.text("models", "show", "qwen2.5-coder-1.5b", "--json"))
        self.assertFalse(one["stored"])
        self.assertEqual(one["license"], "Apache-2.0")

    def test_bad_input_is_one_clear_sentence(self):
        self.assert_refused(2, "did you mean qwen2.5-coder-1.5b?", "models", "pull", "qwen2.5-coder-1.5")
        self.assert_refused(2, "hf:OWNER/NAME/FILE", "models", "pull", "hf:owner/only")
        self.assert_refused(2, "hf:OWNER/NAME/FILE", "models", "pull", "hf:a/../../../x")
        self.assert_refused(2, "does not end with a file name", "models", "pull", self.url + "/")
        self.assert_refused(2, "no model or file 'nothing.gguf'", "models", "rm", "nothing.gguf")
        self.assert_refused(2, "name is empty", "models", "show", "")
        self.assert_refused(2, "not in the model store", "models", "verify", self.write("own.gguf", b"GGUF"))
        self.assert_refused(3, "answered 404", "models", "pull", self.url + "/missing.gguf")
        self.assert_refused(3, "check the network", "models", "pull", "http://127.0.0.1:1/m.gguf")
        self.assert_refused(3, "sha256", "models", "pull", self.url + "/m.gguf", "--sha256", "0" * 64)
        self.assert_refused(3, "reckon models pull qwen2.5-coder-0.5b", "models", "path", "qwen2.5-coder-0.5b")
        self.assertFalse(self.stored.exists())

    def test_a_folder_that_cannot_be_written_is_said(self):
        self.environment["XDG_DATA_HOME"] = str(self.write("file", b""))
        self.assert_refused(3, "cannot create the folder", "models", "pull", self.url + "/m.gguf")

    def test_a_full_disk_is_said_and_the_pull_goes_on_later(self):
        limited = subprocess.run(["sh", "-c", f'ulimit -f 400; exec "$0" models pull {self.url}/m.gguf', RECKON],
                                 env=self.environment, capture_output=True, text=True)
        self.assertEqual(limited.returncode, 3, limited.stderr)
        self.assertIn("free some space and run it again", limited.stderr)
        self.pull(self.url + "/m.gguf", "--sha256", SHA256)
        self.assertGreater(self.server.ranges[-1], 0)


if __name__ == "__main__":
    import unittest
    unittest.main()
