"""A real `reckon serve` on the tiny model, for tests."""
import contextlib
import http.client
import json
import signal
import socket
import time

from command import STORIES, CommandTest


class ServerTest(CommandTest):
    options = ()

    def setUp(self):
        super().setUp()
        self.log = self.folder / "access.log"
        self.process = self.start("serve", "--listen", "127.0.0.1:0", "--model", STORIES, "--context", 512, "--threads", 1,
                                  "--log", self.log, *self.options)
        self.addCleanup(self.end)
        first = self.process.stderr.readline().decode()
        self.assertRegex(first, "listening on https?://")
        self.host, self.port = "127.0.0.1", int(first.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.assertEqual(self.process.stderr.readline(), b"reckon: ready\n")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()

    def chat(self, **fields):
        body = {"model": STORIES, "messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 16, "seed": 1}
        response, data = self.request("POST", "/v1/chat/completions", body | fields)
        return response.status, json.loads(data)

    def metric(self, name):
        _, data = self.request("GET", "/metrics")
        for line in data.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise KeyError(name)

    def eventually(self, fact, seconds=20):
        end = time.monotonic() + seconds
        while not fact():
            self.assertLess(time.monotonic(), end, "it did not happen in time")
            time.sleep(0.02)

    def events(self, data):
        """(id, name, data) of each server-sent event; data read as JSON where it is."""
        found = []
        for block in data.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "data" in fields:
                text = fields["data"]
                found.append((fields.get("id"), fields.get("event"), json.loads(text) if text.startswith("{") else text))
        return found

    def post(self, path, body, **headers):
        response, data = self.request("POST", path, body, headers)
        return response.status, json.loads(data)

    def stream(self, path, body, **headers):
        response, data = self.request("POST", path, body | {"stream": True}, headers)
        self.assertEqual(response.status, 200, data)
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream; charset=utf-8")
        return self.events(data)

    def open_stream(self, path, body, **headers):
        """A connection whose response has begun; the caller reads and closes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("POST", path, json.dumps(body | {"stream": True}), headers)
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        return connection, response

    def raw(self, data):
        """Everything the server says to these bytes until it closes."""
        with socket.create_connection((self.host, self.port), timeout=60) as connection:
            connection.sendall(data)
            said = b""
            while piece := connection.recv(65536):
                said += piece
            return said

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said.decode()
