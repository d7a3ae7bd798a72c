"""What clients get wrong, on purpose or not: each gets a true status and one sentence, and the server lives on."""
import json
import pathlib
import re
import signal
import socket
import threading
import unittest

from command import HANGS, SOURCE, STORIES
from server import ConfiguredTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
CHAT = {"model": STORIES, "messages": PROMPT, "max_tokens": 2}
# Every field that a surface knows, with a request that is right without it.
SURFACES = {
    "/v1/chat/completions": (CHAT, """model messages temperature top_p top_k min_p repeat_penalty repetition_penalty presence_penalty
        frequency_penalty n stop seed stream stream_options max_tokens max_completion_tokens tools tool_choice functions function_call
        response_format logit_bias logprobs top_logprobs reckon reasoning_effort reasoning thinking_budget_tokens reasoning_budget_tokens
        thinking_token_budget custom_params chat_template_kwargs think modalities audio prediction web_search_options grammar
        json_schema guided_json user metadata store service_tier parallel_tool_calls"""),
    "/v1/completions": ({"model": STORIES, "prompt": "Once", "max_tokens": 2}, """model prompt temperature top_p top_k min_p n stop seed
        stream stream_options max_tokens echo best_of logprobs suffix logit_bias user reckon"""),
    "/v1/responses": ({"model": STORIES, "input": "Once", "max_output_tokens": 2}, """model input instructions max_output_tokens
        reasoning temperature top_p stream stream_options background store previous_response_id conversation prompt tools tool_choice
        truncation top_logprobs text include metadata user parallel_tool_calls max_tool_calls reckon"""),
    "/v1/messages": ({"model": STORIES, "messages": PROMPT, "max_tokens": 2}, """model messages system max_tokens temperature top_p top_k
        stop_sequences stream tools tool_choice thinking output_config metadata service_tier reckon"""),
}
WRONG = ["true", "-7", "1e300", "0.5", '"x"', '""', "[]", "[[]]", "[{}]", "{}", '{"a":{}}', '{"type":7}', "99999999999999999999"]


def post(path, body, *headers):
    head = "".join(h + "\r\n" for h in headers)
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


class Faults(ConfiguredTest):
    def tearDown(self):
        self.assertEqual(self.request("GET", "/health")[0].status, 200)  # it lives
        super().tearDown()

    def status(self, said):
        self.assertTrue(said.startswith(b"HTTP/1.1 "), said[:100])
        return int(said.split()[1])

    def assert_told(self, status, data, surface="/"):
        """A body that its client understands: one sentence, without what belongs to the machine."""
        error = json.loads(data)["error"]
        self.assertTrue(error["message"] and "\n" not in error["message"] and len(error["message"]) < 400, error)
        if surface == "/v1/messages":
            self.assertEqual(json.loads(data)["type"], "error")
        else:
            self.assertTrue(error["code"], error)
        self.assertTrue(400 <= status < 500, (status, error))


class BodyTest(Faults):
    def test_wrong_types_in_every_field_of_every_surface(self):
        for path, (good, names) in SURFACES.items():
            for name in names.split():
                for value in WRONG:
                    text = json.dumps({k: v for k, v in good.items() if k != name})
                    text = text[:-1] + ("," if len(text) > 2 else "") + f'"{name}":{value}}}'
                    response, data = self.request("POST", path, text.encode())
                    with self.subTest(path=path, field=name, value=value):
                        if response.status != 200:
                            self.assert_told(response.status, data, path)
                        elif response.getheader("Content-Type") == "application/json":
                            self.assertIn("model", json.loads(data))

    def test_what_is_no_json_object(self):
        for body in (b"", b"{", b"[]", b"null", b"7", b'"x"', b'{"a":' * 5000, b"[" * 100000, b"\xff\xfe", b'{"model":"\xff"}',
                     b'{"model":"\\ud800"}', b"{'model':1}", b'{"model":1,}', b'{"a":1}{"b":2}', b"\0" * 1000, b'{"n":1e999}',
                     b'{"n":' + b"9" * 5000 + b"}"):
            for path in SURFACES:
                response, data = self.request("POST", path, body)
                self.assertEqual(response.status, 400, (path, body[:40], data))
                self.assert_told(response.status, data, path)

    def test_duplicate_keys_are_refused_by_name(self):
        text = json.dumps(CHAT)[:-1] + ',"max_tokens":3}'
        response, data = self.request("POST", "/v1/chat/completions", text.encode())
        self.assertEqual(response.status, 400, data)
        self.assertIn("max_tokens", json.loads(data)["error"]["message"])

    def test_text_that_is_none(self):
        for content in ("a\0b", "\ud800"):
            body = json.dumps(CHAT | {"messages": [{"role": "user", "content": content}]}).encode()
            response, data = self.request("POST", "/v1/chat/completions", body)
            self.assertEqual(response.status, 400, data)

    def routes(self):
        """(methods, path) of each route of the API's page, with something in the place of its id."""
        found = {}
        for method, path in re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", (SOURCE / "docs/api.md").read_text(), re.M):
            found.setdefault(path.replace("{id}", "none"), []).append(method)
        self.assertGreater(len(found), 15)
        return found

    def test_methods(self):
        for path, methods in self.routes().items():
            allowed = [m for method in methods for m in ([method, "HEAD"] if method == "GET" else [method])]
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"):
                if method in allowed:
                    continue
                with self.subTest(path=path, method=method):
                    response, data = self.request(method, path, b"{}" if method in ("POST", "PUT", "PATCH") else None)
                    self.assertEqual((response.status, response.getheader("Allow")), (405, ", ".join(allowed)))
                    if method != "HEAD":
                        self.assert_told(response.status, data, path.split("/count")[0])

    def test_head_is_get_without_a_body(self):
        for path in [path for path, methods in self.routes().items() if "GET" in methods] + ["/v1/models/default", "/nothing"]:
            whole, data = self.request("GET", path)
            head, nothing = self.request("HEAD", path)
            with self.subTest(path=path):
                self.assertEqual((head.status, nothing), (whole.status, b""))
                self.assertEqual(head.getheader("Content-Type"), whole.getheader("Content-Type"))
                self.assertLess(abs(int(head.getheader("Content-Length")) - len(data)), 100)  # counters grow
        head = b"".join(b"HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in (b"/health", b"/v1/models", b"/nothing"))
        said = self.raw(head + b"GET /health HTTP/1.0\r\n\r\n")
        self.assertEqual([int(part.split()[0]) for part in re.split(rb"HTTP/1\.[01] ", said)[1:]], [200, 200, 404, 200])


class PatientTest(Faults):
    """With the times as they are where nobody says."""

    def test_one_byte_at_a_time_within_its_time_is_answered(self):
        with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
                connection.sendall(bytes([byte]))
            self.assertEqual(self.status(connection.recv(4096)), 200)

    def test_a_client_that_asks_before_it_sends_its_body(self):
        body = json.dumps(CHAT).encode()
        with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
            self.assertEqual(connection.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            self.assertEqual(self.status(connection.recv(65536)), 200)
        said = self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n")
        self.assertEqual(self.status(said), 413)
        said = self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
        self.assertEqual(self.status(said), 501)
        self.assertEqual(self.status(self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\n")), 417)


class WireTest(Faults):
    config = "[limits]\nbody_bytes = 1048576\nheader_seconds = 1\nbody_seconds = 1\n"

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def test_a_huge_body_is_refused_before_it_is_sent(self):
        before = self.memory()
        for _ in range(20):
            said = self.raw(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
            self.assertEqual(self.status(said), 413)
            self.assert_told(413, said.split(b"\r\n\r\n", 1)[1])
        self.assertLess(self.memory() - before, 64)

    def test_a_huge_chunked_body_is_refused_on_its_way(self):
        before = self.memory()
        sent = 0
        with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            try:
                while sent < 1 << 30:
                    connection.sendall(piece)
                    sent += len(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            else:
                self.fail("a gigabyte was taken")
        self.assertLess(sent, 64 << 20)
        self.assertLess(self.memory() - before, 64)

    def test_headers_beyond_measure(self):
        flood = b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n"
        long = b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n"
        path = b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
        for data in (flood, long, path):
            said = self.raw(data)
            self.assertEqual(self.status(said), 431)
            self.assert_told(431, said.split(b"\r\n\r\n", 1)[1])

    def test_what_is_not_http(self):
        for data in (b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
                     b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
                     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"):
            said = self.raw(data)
            self.assertIn(self.status(said), (400, 404, 408, 413, 501, 505), (data, said))
            self.assertIn("error", json.loads(said.split(b"\r\n\r\n", 1)[1]), data)

    def test_half_a_request_is_408_and_half_headers_too(self):
        for data in (b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{", b"GET /hea"):
            self.assertEqual(self.status(self.raw(data)), 408)

    def test_one_byte_at_a_time_is_408_when_its_time_is_over(self):
        with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
            said = b""
            connection.settimeout(0.1)
            for byte in b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 10000:
                try:
                    connection.sendall(bytes([byte]))
                    said += connection.recv(4096)
                except TimeoutError:
                    continue
                except (BrokenPipeError, ConnectionResetError):
                    break
                if said:
                    break
            self.assertEqual(self.status(said), 408)

    def test_requests_in_a_row_are_answered_in_order(self):
        chat = json.dumps(CHAT).encode()
        said = self.raw(post("/v1/chat/completions", chat) + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" + post("/v1/nothing", b"{}") +
                        b"GET /health HTTP/1.0\r\n\r\n")
        order = [said.find(part) for part in (b"chat.completion", b'{"status":"ok"}', b"unknown_route")]
        self.assertEqual(order, sorted(order))
        self.assertGreater(order[0], 0)
        self.assertEqual(said.count(b'{"status":"ok"}'), 2)

    def test_streams_in_a_row_are_whole_and_in_order(self):
        asked = [CHAT | {"stream": True, "max_tokens": n, "seed": 1} for n in (40, 1, 20)]
        said = self.raw(b"".join(post("/v1/chat/completions", json.dumps(body).encode()) for body in asked) + b"GET /health HTTP/1.0\r\n\r\n")
        samples = [int(n) for n in re.findall(rb'"completion_tokens":(\d+)|"selected":(\d+)[^}]*},"receipt"', said) for n in n if n]
        self.assertEqual(samples, [40, 1, 20])
        self.assertEqual(said.count(b"data: [DONE]"), 3)
        self.assertTrue(said.endswith(b'{"status":"ok"}'))

    def test_old_clients_that_want_to_stay(self):
        keep = b"Connection: keep-alive\r\n"
        body, streamed = json.dumps(CHAT).encode(), json.dumps(CHAT | {"stream": True}).encode()
        ask = b"POST /v1/chat/completions HTTP/1.0\r\n" + keep + b"Content-Length: %d\r\n\r\n%s"
        said = self.raw(ask % (len(body), body) + ask % (len(streamed), streamed) + b"GET /health HTTP/1.0\r\n\r\n")
        self.assertEqual(said.count(b"HTTP/1.0 200 OK"), 2)  # the end of a stream is the end of its connection
        self.assertNotIn(b"chunked", said)
        self.assertTrue(said.endswith(b"data: [DONE]\n\n"), said[-100:])

    def test_old_clients(self):
        body = json.dumps(CHAT).encode()
        said = self.raw(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.assertIn(b" 200 ", said.split(b"\r\n")[0])
        body = json.dumps(CHAT | {"stream": True}).encode()
        said = self.raw(b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.assertNotIn(b"chunked", said)
        self.assertTrue(said.endswith(b"data: [DONE]\n\n"), said[-100:])


class LoadTest(Faults):
    LONG = CHAT | {"model": STORIES + "@sc64", "max_tokens": 450, "stream": True}  # seconds, where nobody ends it

    def test_clients_that_vanish_give_their_slots_back(self):
        data = post("/v1/chat/completions", json.dumps(self.LONG).encode())
        for _ in range(30):
            with socket.create_connection((self.host, self.port)) as connection:
                connection.sendall(data)
        for _ in range(3):  # each begins when the one before it is gone: it needs all of the memory
            connection, response = self.open_stream("/v1/chat/completions", self.LONG)
            response.read1(100)
            connection.close()
        self.eventually(lambda: self.metric("reckon_requests_active") == 0 and self.metric("reckon_requests_queued") == 0)
        self.assertGreaterEqual(self.metric("reckon_cancelled_total"), 3)
        self.assertEqual(self.metric("reckon_ledger_overruns_total"), 0)
        slots = json.loads(self.request("GET", "/slots")[1])
        self.assertFalse(any(slot["is_processing"] for slot in slots))
        self.assertEqual(self.chat()[0], 200)

    def many(self, count):
        answers = []

        def one():
            try:
                answers.append(self.request("POST", "/v1/chat/completions", self.LONG)[0].status)
            except OSError:
                answers.append(None)
            except Exception as error:  # the connection ended in the middle of an answer
                answers.append(type(error).__name__)
        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        self.eventually(lambda: self.metric("reckon_requests_active") > 0)
        return threads, answers


class EndTest(LoadTest):
    """The server ends here, so it is not asked whether it lives."""
    config = "drain_seconds = 1\n"

    def tearDown(self):
        pass

    def test_clients_that_vanish_give_their_slots_back(self):
        pass  # above

    def test_sigterm_under_load_ends_in_time(self):
        threads, answers = self.many(12)
        code, said = self.stop()
        for thread in threads:
            thread.join()
        self.assertIn(code, (0, 1), said)
        self.assertIn("finishing the requests under way", said)
        self.assertEqual(len(answers), 12)

    def test_sigkill_under_load_leaves_nothing_in_the_way_of_the_next_start(self):
        threads, answers = self.many(6)
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 6)
        for line in self.log.read_text().splitlines() if self.log.exists() else []:
            json.loads(line)
        self.setUp()
        self.assertEqual(self.chat()[0], 200)

    def test_a_second_sigterm_ends_the_server_at_once(self):
        self.end()
        self.config = "drain_seconds = 600\n"
        self.setUp()
        threads, answers = self.many(12)
        self.process.send_signal(signal.SIGTERM)
        self.assertIn(b"finishing the requests under way", self.process.stderr.readline())
        self.assertEqual(self.stop()[0], 130)
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    unittest.main()
