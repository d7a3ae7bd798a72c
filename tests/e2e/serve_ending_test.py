"""Ending a request from outside, on every surface: its client gets what there is with a true account of it, its branches are gone, and
nobody but its key can see or end it."""
import hashlib
import json
import pathlib
import struct
import threading
import unittest

from command import STORIES
from server import ConfiguredTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
ENDLESS = {"seed": 1, "logit_bias": {"2": -100}, "max_tokens": 7000}  # token 2 is the end of a turn: seconds, where nobody ends it
SURFACES = {"/v1/chat/completions": {"messages": PROMPT}, "/v1/completions": {"prompt": "Once upon a time"},
            "/v1/responses": {"input": "Once upon a time"}, "/v1/messages": {"messages": PROMPT}}
REQUESTS = "/v1/reckon/requests"
WAYS = {"DELETE": "", "POST": "/answer-now"}


class Endings(ConfiguredTest):
    context = 8192

    def model(self):
        """The tiny model, that it may write for longer than it has learnt to."""
        file = bytearray(pathlib.Path(STORIES).read_bytes())
        name = b"llama.context_length"
        struct.pack_into("<I", file, file.index(name) + len(name) + 4, self.context)
        return str(self.write("stories.gguf", bytes(file)))

    def begin(self, path, **fields):
        """A request under way: its thread, the list to which its answer comes, and its state."""
        answers = []
        body = {"model": "default"} | ENDLESS | SURFACES[path] | fields
        thread = threading.Thread(target=lambda: answers.append(self.request("POST", path, body)))
        thread.start()
        self.addCleanup(thread.join)
        self.eventually(lambda: answers or any(one.get("tokens", 0) > 50 for one in self.live()))
        self.assertEqual(answers, [])
        return thread, answers, self.live()[0]["id"]

    def live(self, **headers):
        return json.loads(self.request("GET", REQUESTS, headers=headers)[1])["data"]

    def ask(self, method, identity, suffix="", **headers):
        response, data = self.request(method, f"{REQUESTS}/{identity}{suffix}", b"" if method == "POST" else None, headers)
        return response.status, json.loads(data)

    def branches(self):
        _, data = self.request("GET", "/metrics")
        return sum(float(line.split()[-1]) for line in data.decode().splitlines() if line.startswith("reckon_engine_branches{"))

    def last_word(self, path, stream, data):
        """Why it ended in the surface's own words, its text, and the object with reckon's account."""
        if not stream:
            body = json.loads(data)
            if path == "/v1/responses":
                text = body["output"][-1]["content"][0]["text"]
                return (body["status"], body["incomplete_details"]["reason"]), text, body
            if path == "/v1/messages":
                return body["stop_reason"], body["content"][-1]["text"], body
            choice = body["choices"][0]
            return choice["finish_reason"], choice["message"]["content"] if "message" in choice else choice["text"], body
        events = [event for _, _, event in self.events(data)]
        if path == "/v1/responses":
            self.assertEqual(events[-1]["type"], "response.incomplete")
            return self.last_word(path, False, json.dumps(events[-1]["response"]))
        if path == "/v1/messages":
            self.assertEqual(events[-1], {"type": "message_stop"})
            text = "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta")
            return events[-2]["delta"]["stop_reason"], text, events[-2]
        self.assertEqual(events[-1], "[DONE]")
        choices = [event["choices"][0] for event in events[:-2]]
        text = "".join(c["delta"].get("content", "") if "delta" in c else c["text"] for c in choices)
        usage, last = events[-2], events[-3]
        self.assertEqual(usage["choices"], [])
        return last["choices"][0]["finish_reason"], text, last | {"usage": usage["usage"]}


class RunningTest(Endings):
    WORDS = {"/v1/chat/completions": "length", "/v1/completions": "length", "/v1/messages": "max_tokens",
             "/v1/responses": ("incomplete", "max_output_tokens")}

    def test_its_client_gets_what_there_is(self):
        for path in SURFACES:
            for policy in ("single", "sc8"):
                for stream in (False, True):
                    for method, suffix in WAYS.items():
                        with self.subTest(path=path, policy=policy, stream=stream, method=method):
                            self.ends(path, policy, stream, method, suffix)
        self.assertEqual(self.metric("reckon_cancelled_total"), 0)  # no client went away
        self.assertEqual(self.metric("reckon_ledger_overruns_total"), 0)

    def ends(self, path, policy, stream, method, suffix):
        options = {"stream_options": {"include_usage": True}} if stream and "completions" in path else {}
        thread, answers, identity = self.begin(path, stream=stream, reckon={"policy": policy}, **options)
        status, state = self.ask(method, identity, suffix)
        self.assertEqual(status, 200)
        self.assertIn(state["state"], ("running", "finished"))
        thread.join()
        response, data = answers[0]
        self.assertEqual(response.status, 200, data)
        why, text, told = self.last_word(path, stream, data)
        self.assertEqual(why, self.WORDS[path])
        self.assertTrue(text)
        self.assertEqual(told["reckon"]["stop_reason"], "cancelled")
        usage = told["reckon"]["usage"]
        output = told["usage"].get("completion_tokens", told["usage"].get("output_tokens"))
        self.assertEqual(output, usage["computed"] - usage["prompt"])
        self.assertEqual(output, usage["selected"] + usage["discarded"])
        self.assertEqual(usage["selected"], output if policy == "single" else 0)
        self.assertTrue(0 < output < 7000, output)
        receipt = told["reckon"]["receipt"]
        self.assertEqual((receipt["stop_reason"], receipt["usage"]["computed"]), ("cancelled", usage["computed"]))
        self.eventually(lambda: self.branches() == 0)
        self.assertEqual(self.metric("reckon_requests_active"), 0)
        self.assertEqual(self.live(), [])
        # Again, by any of its names: it has ended, and nothing changes.
        for name in (identity, response.getheader("X-Request-Id"), json.loads(data)["id"] if not stream else identity):
            self.assertEqual(self.ask(method, name, suffix), (200, {"id": identity, "state": "finished", "receipt": receipt}))

    def test_an_unknown_request_is_404(self):
        for method, suffix in (WAYS | {"GET": ""}).items():
            for name in ("none", "chatcmpl-none", "%2e%2e", "a%2Fb", "%00", "x" * 3000):
                status, told = self.ask(method, name, suffix)
                self.assertEqual((status, told["error"]["code"]), (404, "request_not_found"), name)


class WaitingTest(Endings):
    config = "[limits]\nactive = 1\n"

    def test_of_a_request_that_waits_there_is_nothing(self):
        thread, answers, first = self.begin("/v1/chat/completions")
        for path in SURFACES:
            for stream in (False, True):
                for method, suffix in WAYS.items():
                    with self.subTest(path=path, stream=stream, method=method):
                        refused = []
                        body = {"model": "default"} | ENDLESS | SURFACES[path] | {"stream": stream}
                        waits = threading.Thread(target=lambda: refused.append(self.request("POST", path, body)))
                        waits.start()
                        self.eventually(lambda: len(self.live()) == 2)
                        second = next(one for one in self.live() if one["id"] != first)
                        self.assertEqual(second["state"], "queued")
                        self.assertEqual(self.ask(method, second["id"], suffix)[0], 200)
                        waits.join()
                        response, data = refused[0]
                        error = json.loads(data)["error"]
                        self.assertEqual((response.status, response.getheader("Content-Type")), (499, "application/json"))
                        self.assertEqual(error["type"], "invalid_request_error")
                        self.assertEqual(error.get("code", "cancelled"), "cancelled")
                        self.assertEqual(self.ask("GET", second["id"])[0], 404)  # it has computed nothing: there is no receipt
        self.assertEqual(answers, [])
        self.ask("DELETE", first)
        thread.join()
        self.assertEqual(answers[0][0].status, 200)


def digest(key):
    return hashlib.sha256(key.encode()).hexdigest()


class KeysTest(Endings):
    config = "".join(f'[[keys]]\nname = "{name}"\nsha256 = "{digest("sk-" + name)}"\n' for name in "ab")
    A, B = {"Authorization": "Bearer sk-a"}, {"Authorization": "Bearer sk-b"}

    def test_nobody_else_can_end_it_or_know_of_it(self):
        body = {"model": "default", "reckon": {"stream": {"resume": True}}} | ENDLESS | SURFACES["/v1/responses"]
        connection, response = self.open_stream("/v1/responses", body, **self.A)
        self.addCleanup(connection.close)
        identity = response.getheader("X-Request-Id")
        self.eventually(lambda: any(one.get("tokens", 0) > 50 for one in self.live(**self.A)))
        for state in ("running", "finished"):
            for name in (identity, "resp_" + identity):
                for method, suffix in (WAYS | {"GET": ""}).items():
                    self.assertEqual(self.ask(method, name, suffix, **self.B)[1], self.ask(method, "0" * 16, suffix, **self.B)[1])
                    self.assertEqual(self.ask(method, name, suffix)[0], 401)
                for path in (f"{REQUESTS}/{name}/events", f"/v1/responses/{name}", f"/v1/responses/{name}?stream=true"):
                    self.assertEqual(self.request("GET", path, headers=self.B)[0].status, 404)
            self.assertEqual(self.live(**self.B), [])
            self.assertEqual(self.ask("GET", identity, **self.A)[1]["state"], state)
            self.assertEqual(self.ask("DELETE", identity, **self.A)[0], 200)
            response.read()
            self.eventually(lambda: self.ask("GET", identity, **self.A)[1]["state"] == "finished")

    def test_who_may_ask_for_none(self):
        for headers, status in ((self.A, 404), ({}, 401), ({"x-api-key": "sk-c"}, 401)):
            self.assertEqual(self.ask("DELETE", "none", **headers)[0], status)


if __name__ == "__main__":
    unittest.main()
