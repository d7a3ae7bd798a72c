import hashlib
import http.client
import json
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import unittest

from command import HANGS, RECKON, SOURCE, STORIES, CommandTest
from server import ServerTest


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


class OperationsTest(ServerTest):
    """A server with a configuration file."""
    config = b""

    def setUp(self):
        # The file is there before the server starts, in the folder that CommandTest makes.
        self.options = ("--config", "reckon.toml")
        super().setUp()

    def start(self, *arguments, **options):
        self.file = self.write("reckon.toml", self.config)
        return super().start(*arguments, **options)

    def ask(self, key, **fields):
        body = {"model": STORIES, "messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 16} | fields
        response, data = self.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer " + key})
        return response, json.loads(data)

    def reload(self, text):
        self.file.write_bytes(text)
        self.process.send_signal(signal.SIGHUP)
        return self.process.stderr.readline().decode()


class Reload(OperationsTest):
    config = b'[[keys]]\nname = "a"\nsha256 = "%s"\n' % digest("sk-a").encode()

    def test_keys_and_limits_are_read_again_and_a_bad_file_changes_nothing(self):
        self.assertEqual(self.ask("sk-a")[0].status, 200)
        self.assertEqual(self.ask("sk-b")[0].status, 401)
        both = self.config + b'[[keys]]\nname = "b"\nsha256 = "%s"\n[limits]\nsamples = 2\n' % digest("sk-b").encode()
        self.assertIn("were read again", self.reload(both))
        self.assertEqual(self.ask("sk-b")[0].status, 200)
        self.assertEqual(self.ask("sk-b", model=STORIES + "@sc3")[0].status, 400)
        said = self.reload(b"[limits]\nsamples = 0\n")
        self.assertIn("nothing was changed: ", said)
        self.assertIn("reckon.toml:2: limits.samples must be in 1..1024", said)
        self.assertEqual(self.ask("sk-b")[0].status, 200)
        self.assertIn("were read again", self.reload(self.config))
        self.assertEqual(self.ask("sk-b")[0].status, 401)


class Budget(OperationsTest):
    config = b'[[keys]]\nname = "a"\nsha256 = "%s"\ntokens_per_day = 60\n' % digest("sk-a").encode()

    def test_a_days_budget_is_exact_and_survives_a_restart(self):
        first = self.ask("sk-a")[1]["usage"]["total_tokens"]
        self.process.kill()
        self.process.wait()
        self.end()
        self.setUpAgain()
        spent = first
        for _ in range(20):
            response, body = self.ask("sk-a")
            if response.status != 200:
                break
            spent += body["usage"]["total_tokens"]
        self.assertEqual((response.status, body["error"]["code"]), (429, "insufficient_quota"))
        self.assertGreater(int(response.getheader("Retry-After")), 0)
        self.assertLessEqual(spent, 60)
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            self.assertEqual(database.execute("SELECT sum(prompt + selected + discarded) FROM runs").fetchone()[0], spent)

    def setUpAgain(self):
        self.process = self.start("serve", "--listen", "127.0.0.1:0", "--model", STORIES, "--context", 512, "--threads", 1,
                                  "--log", self.log, *self.options)
        self.port = int(self.process.stderr.readline().decode().rsplit(":", 1)[1])
        self.process.stderr.readline()


class Queued(OperationsTest):
    config = b"[limits]\nactive = 1\nsamples = 1000\n"

    def live(self, state):
        _, data = self.request("GET", "/v1/reckon/requests")
        return [each["id"] for each in json.loads(data)["data"] if each["state"] == state]

    def test_a_request_that_waits_can_be_deleted(self):
        answers = []
        connection, response = self.open_stream("/v1/chat/completions", {
            "model": STORIES + "@sc1000", "max_tokens": 480, "messages": [{"role": "user", "content": "Once"}]})
        waiting = threading.Thread(target=lambda: answers.append(self.chat()))
        waiting.start()
        self.eventually(lambda: self.live("queued"))
        self.assertEqual(len(self.live("running")), 1)
        response_of_delete, _ = self.request("DELETE", "/v1/reckon/requests/" + self.live("queued")[0])
        self.assertEqual(response_of_delete.status, 200)
        waiting.join()
        self.assertEqual((answers[0][0], answers[0][1]["error"]["code"]), (499, "cancelled"))
        response_of_delete, _ = self.request("DELETE", "/v1/reckon/requests/" + self.live("running")[0])
        self.assertEqual(response_of_delete.status, 200)
        self.assertIn(b"[DONE]", response.read())
        connection.close()
        self.assertEqual(self.live("queued") + self.live("running"), [])


class FullLogDisk(ServerTest):
    def start(self, *arguments, **options):
        return super().start(*["/dev/full" if a == self.log else a for a in arguments], **options)

    def test_the_server_goes_on_without_its_access_log_and_says_so_once(self):
        for _ in range(3):
            self.assertEqual(self.chat()[0], 200)
        code, said = self.stop()
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count("lines of the access log are lost: "), 1)


class Rotated(OperationsTest):
    def test_sighup_opens_the_access_log_anew(self):
        self.chat()
        self.eventually(lambda: self.log.exists() and self.log.read_text())
        self.log.rename(self.folder / "old.log")
        self.reload(b"")
        self.chat()
        self.eventually(lambda: self.log.exists() and "/v1/chat/completions" in self.log.read_text())


class Times(OperationsTest):
    config = b"[limits]\nheader_seconds = 0.3\nbody_seconds = 0.3\n"

    def test_a_client_that_sends_a_byte_now_and_then_is_refused(self):
        for start in (b"GET /health HTTP/1.1\r\nHost: x\r\n", b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"):
            with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
                connection.sendall(start)
                said = b""
                try:
                    for _ in range(200):
                        connection.sendall(b"x")
                        time.sleep(0.02)
                except OSError:
                    pass  # it has closed
                try:
                    said = connection.recv(65536)
                except OSError:
                    continue
                self.assertIn(b"408", said.split(b"\r\n")[0])
        self.assertEqual(self.request("GET", "/health")[0].status, 200)


class Origins(OperationsTest):
    config = b'cors = ["https://app.example"]\n'

    def test_pages_of_an_allowed_origin_may_ask(self):
        response, _ = self.request("OPTIONS", "/v1/chat/completions", headers={
            "Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual((response.status, response.getheader("Access-Control-Allow-Origin")), (204, "https://app.example"))
        response, _ = self.request("GET", "/health", headers={"Origin": "https://other.example"})
        self.assertIsNone(response.getheader("Access-Control-Allow-Origin"))


@unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
class Tls(OperationsTest):
    config = b'[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'

    def start(self, *arguments, **options):
        self.certify()
        return super().start(*arguments, **options)

    def certify(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"], check=True, capture_output=True)

    def connect(self):
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        return http.client.HTTPSConnection(self.host, self.port, timeout=HANGS, context=context)

    def test_the_api_is_there_under_tls_only_and_the_certificate_can_change(self):
        connection = self.connect()
        body = json.dumps({"model": STORIES, "prompt": "Once upon a time", "max_tokens": 8, "stream": True})
        for _ in range(2):  # one connection
            connection.request("POST", "/v1/completions", body)
            self.assertIn(b"[DONE]", connection.getresponse().read())
        connection.request("GET", "/v1/models", headers={"Connection": "close"})
        self.assertEqual(connection.getresponse().status, 200)
        with socket.create_connection((self.host, self.port), timeout=HANGS) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(65536))
            except ConnectionResetError:
                pass
        self.certify()
        with self.assertRaises(ssl.SSLError):
            self.connect().request("GET", "/health")  # the server still has the old one
        self.assertIn("were read again", self.reload(self.config))
        connection = self.connect()
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().status, 200)
        code, said = self.stop()
        self.assertEqual(code, 0, said)

    def test_a_client_that_leaves_under_tls_stops_its_branches(self):
        connection = self.connect()
        connection.request("POST", "/v1/completions", json.dumps(
            {"model": STORIES + "@sc64", "prompt": "Once", "max_tokens": 480, "stream": True}))
        connection.sock.close()
        connection.close()

        def active():
            other = self.connect()
            other.request("GET", "/metrics")
            return b"\nreckon_requests_active 0\n" in other.getresponse().read()
        self.eventually(active)


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Unit(CommandTest):
    def test_the_systemd_unit_is_sound_and_confined(self):
        text = (SOURCE / "packaging/reckon.service").read_text().replace("/usr/bin/reckon", RECKON)
        unit = self.write("reckon.service", text.encode())
        done = subprocess.run(["systemd-analyze", "--man=no", "verify", unit], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("reckon.service", done.stderr)


class CheckConfig(CommandTest):
    def test_files_of_tls_are_tried(self):
        self.write("cert.pem", b"nothing")
        self.assert_refused(3, "cert.pem is not a usable certificate", "serve", "--check-config", "--config",
                            self.write("c.toml", b'[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'))

    def test_what_is_wrong_is_named_by_line_and_key(self):
        for text, said in ((b"cors = 1\n", "c.toml:1: cors must be a list of strings"),
                           (b"[[keys]]\nname = \"a\"\nweight = 0\n", "c.toml:3: keys.weight must be in"),
                           (b"[[keys]]\nname = \"a\"\ntoken_per_day = 1\n", "c.toml:3: keys.token_per_day is not known"),
                           (b"calibration = 1\n", "c.toml:1: calibration must be a string"),
                           (b"ledger = 5\n", "c.toml:1: ledger must be a string"),
                           (b'ledger_sync = "never"\n', 'c.toml:1: ledger_sync must be "second" or "commit"'),
                           (b"[limits]\nidle_seconds = \"x\"\n", "c.toml:2: limits.idle_seconds must be a number")):
            self.assert_refused(2, said, "serve", "--check-config", "--config", self.write("c.toml", text))


if __name__ == "__main__":
    unittest.main()
