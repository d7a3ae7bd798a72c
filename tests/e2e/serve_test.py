import json
import shutil
import socket
import subprocess
import threading
import unittest

from command import HANGS, STORIES, CommandTest
from server import ServerTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]


class ServeTest(ServerTest):
    def test_answers_with_true_usage_and_the_same_seed_says_the_same(self):
        status, first = self.chat()
        self.assertEqual(status, 200, first)
        self.assertEqual(first["usage"]["completion_tokens"], 16)
        self.assertEqual(first["choices"][0]["finish_reason"], "length")
        _, again = self.chat()
        self.assertEqual(again["choices"], first["choices"])
        usage = first["reckon"]["usage"]
        self.assertEqual(usage["computed"], first["usage"]["total_tokens"])
        self.assertEqual(usage, {**usage, "discarded": 0, "selected": 16})
        status, several = self.chat(n=3)
        self.assertEqual(len(several["choices"]), 3)
        self.assertEqual(several["usage"]["completion_tokens"], 48)

    def test_a_stream_is_the_answer_in_pieces(self):
        _, whole = self.chat()
        response, data = self.request("POST", "/v1/chat/completions", {
            "model": STORIES, "messages": PROMPT, "max_tokens": 16, "seed": 1, "stream": True})
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream; charset=utf-8")
        events = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
        self.assertEqual(events[-1], "[DONE]")
        chunks = [json.loads(event) for event in events[:-1]]
        text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks)
        self.assertEqual(text, whole["choices"][0]["message"]["content"])
        self.assertGreater(len(chunks), 4)

    def test_a_vote_is_charged_for_all_its_samples(self):
        status, body = self.chat(model=STORIES + "@sc4")
        self.assertEqual(status, 200, body)
        self.assertEqual(body["reckon"]["samples"], 4)
        self.assertEqual(body["reckon"]["usage"]["computed"], body["usage"]["total_tokens"])
        self.assertNotEqual(body["choices"][0]["message"]["content"], "")

    def test_a_vote_gives_as_many_choices_as_were_asked_for(self):
        for policy in ("sc4", "auto", "bon4"):
            status, body = self.chat(model=f"{STORIES}@{policy}", n=3)
            self.assertEqual(status, 200, body)
            self.assertEqual([choice["index"] for choice in body["choices"]], [0, 1, 2])
            self.assertTrue(all(choice["message"]["content"] for choice in body["choices"]))
            usage = body["reckon"]["usage"]
            self.assertEqual(usage["selected"], 3 * 16)
            self.assertEqual(usage["computed"], body["usage"]["total_tokens"])
        status, body = self.chat(model=STORIES + "@sc4", n=5)
        self.assertEqual((status, body["error"]["param"]), (400, "n"))

    def test_what_a_client_asks_for_survives_a_vote(self):
        history = [{"role": "system", "content": "Tell a story."}, *PROMPT, {"role": "assistant", "content": "there was"},
                   {"role": "user", "content": "a little girl"}]
        single, vote = (self.chat(model=STORIES + policy, messages=history, logprobs=True, top_logprobs=1)[1] for policy in ("", "@sc4"))
        self.assertEqual(vote["usage"]["prompt_tokens"], single["usage"]["prompt_tokens"])
        self.assertGreater(vote["usage"]["prompt_tokens"], self.chat()[1]["usage"]["prompt_tokens"])
        choice = vote["choices"][0]
        self.assertEqual(len(choice["logprobs"]["content"]), 16)
        text = b"".join(bytes(token["bytes"]) for token in choice["logprobs"]["content"]).decode()
        self.assertEqual(text, choice["message"]["content"])
        _, vote = self.chat(model=STORIES + "@sc4", stop=["e"], max_tokens=64)
        self.assertEqual(vote["choices"][0]["finish_reason"], "stop")
        self.assertNotIn("e", vote["choices"][0]["message"]["content"])

    def test_json_of_a_schema_for_every_seed_or_truthfully_cut(self):
        schema = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer"}},
                  "required": ["name", "age"], "additionalProperties": False}
        form = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": schema}}
        whole = 0
        for seed in range(8):
            status, body = self.chat(response_format=form, max_tokens=60, seed=seed, temperature=1)
            self.assertEqual(status, 200, body)
            choice = body["choices"][0]
            if choice["finish_reason"] == "stop":
                whole += 1
                self.assertEqual(set(json.loads(choice["message"]["content"])), {"name", "age"})
            else:
                self.assertEqual(choice["finish_reason"], "length")
        self.assertGreater(whole, 4)
        status, body = self.chat(model=STORIES + "@sc4", response_format=form, max_tokens=60)
        self.assertIsInstance(json.loads(body["choices"][0]["message"]["content"]), dict)
        status, body = self.chat(response_format={"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}})
        self.assertEqual((status, body["error"]["param"]), (400, "response_format"))

    def test_logprobs_and_bias(self):
        status, body = self.chat(logprobs=True, top_logprobs=2, temperature=0)
        self.assertEqual(status, 200, body)
        tokens = body["choices"][0]["logprobs"]["content"]
        self.assertEqual(len(tokens), 16)
        text = b"".join(bytes(token["bytes"]) for token in tokens).decode()
        self.assertEqual(text, body["choices"][0]["message"]["content"])
        self.assertTrue(all(len(t["top_logprobs"]) == 2 and t["logprob"] <= 0 for t in tokens))
        _, data = self.request("POST", "/tokenize", {"content": "z"})
        letter = json.loads(data)["tokens"][-1]
        status, body = self.chat(logit_bias={str(letter): 100}, max_tokens=4, temperature=0)
        self.assertEqual(body["choices"][0]["message"]["content"], "zzzz")
        self.assertEqual(self.chat(logit_bias={"99999999": 1})[0], 400)
        self.assertEqual(self.chat(presence_penalty=1, frequency_penalty=1)[0], 200)

    def test_tokenize_and_back(self):
        _, data = self.request("POST", "/tokenize", {"content": "Once upon a time", "with_pieces": True})
        tokens = json.loads(data)["tokens"]
        self.assertEqual("".join(t["piece"] for t in tokens).strip(), "Once upon a time")
        _, data = self.request("POST", "/detokenize", {"tokens": [t["id"] for t in tokens]})
        self.assertEqual(json.loads(data)["content"].strip(), "Once upon a time")
        response, _ = self.request("POST", "/detokenize", {"tokens": [1 << 30]})
        self.assertEqual(response.status, 400)

    def test_operations(self):
        self.assertEqual(self.request("GET", "/health")[1], b'{"status":"ok"}')
        models = json.loads(self.request("GET", "/v1/models")[1])
        self.assertIn(STORIES + "@auto", [m["id"] for m in models["data"]])
        self.assertEqual(json.loads(self.request("GET", "/props")[1])["default_generation_settings"]["n_ctx"], 512)
        self.assertEqual(self.request("GET", "/nothing")[0].status, 404)
        self.chat()
        # The line is written after the answer has been sent.
        self.eventually(lambda: self.log.exists() and "/v1/chat/completions" in self.log.read_text())
        line = json.loads(self.log.read_text().splitlines()[-1])
        self.assertEqual((line["path"], line["status"]), ("/v1/chat/completions", 200))
        self.assertNotIn("Once", self.log.read_text())

    def test_a_prompt_that_does_not_fit_is_refused_by_name(self):
        status, body = self.chat(messages=[{"role": "user", "content": "word " * 3000}])
        self.assertEqual((status, body["error"]["code"]), (400, "context_length_exceeded"))

    def test_clients_that_vanish_stop_their_branches_and_are_counted(self):
        request = json.dumps({"model": STORIES + "@sc8", "messages": PROMPT, "max_tokens": 480, "stream": True}).encode()
        for _ in range(6):
            with socket.create_connection((self.host, self.port)) as connection:
                connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                                   % (len(request), request))
                connection.recv(100)
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        gone = self.metric("reckon_cancelled_total")
        self.assertGreater(gone, 0)
        self.assertEqual(self.metric("reckon_ledger_overruns_total"), 0)
        self.assertEqual(self.chat()[0], 200)

    def test_broken_and_hostile_requests(self):
        deep = b'{"a":' * 5000
        for body in (b"", b"{", deep, b"\xff\xfe", b"null", b'{"model":1}', b'{"model":"x","model":2}'):
            response, data = self.request("POST", "/v1/chat/completions", body)
            self.assertEqual(response.status, 400, body[:40])
            self.assertIn("message", json.loads(data)["error"])
        status, body = self.chat(messages=[{"role": "user", "content": "a\0b"}])
        self.assertEqual(status, 400, body)
        self.assertIn(b"413", self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n").split(b"\r\n")[0])
        flood = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n"
        self.assertIn(b"431", self.raw(flood).split(b"\r\n")[0])
        self.assertIn(b"400", self.raw(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").split(b"\r\n")[0])
        with socket.create_connection((self.host, self.port)) as half:
            half.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        said = self.raw(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"GET /health HTTP/1.0\r\n\r\n")
        self.assertEqual(said.count(b'{"status":"ok"}'), 4)
        self.assertEqual(self.chat()[0], 200)

    def test_sigterm_finishes_what_runs(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.chat(max_tokens=300)))
        thread.start()
        self.eventually(lambda: self.metric("reckon_requests_active") == 1 or answers)
        code, said = self.stop()
        thread.join()
        self.assertEqual(answers[0][0], 200)
        self.assertEqual(code, 0, said)

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("curl is not installed")
        done = subprocess.run(["curl", "-sS", "--fail", f"{self.url}/v1/completions", "-H", "Content-Type: application/json",
                               "-d", json.dumps({"model": STORIES, "prompt": "Once upon a time", "max_tokens": 8})],
                              capture_output=True, timeout=HANGS, check=True)
        self.assertEqual(json.loads(done.stdout)["usage"]["completion_tokens"], 8)


class UnixSocketTest(CommandTest):
    def test_it_listens_on_a_unix_socket_and_takes_it_away_at_its_end(self):
        path = self.folder / "reckon.sock"
        process = self.start("serve", "--listen", f"unix:{path}", "--model", STORIES, "--context", 512, "--threads", 1)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.assertEqual(process.stderr.readline().decode(), f"reckon: listening on unix:{path}\n")
        self.assertEqual(process.stderr.readline(), b"reckon: ready\n")
        body = json.dumps({"model": STORIES, "prompt": "Once upon a time", "max_tokens": 8}).encode()
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"POST /v1/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            said = b""
            while piece := connection.recv(65536):
                said += piece
        self.assertEqual(json.loads(said.split(b"\r\n\r\n", 1)[1])["usage"]["completion_tokens"], 8)
        process.terminate()
        self.assertEqual(process.wait(60), 0)
        self.assertFalse(path.exists())


class KeyTest(ServerTest):
    options = ("--api-key", "sk-right")

    def test_a_key_is_needed(self):
        self.assertEqual(self.request("GET", "/v1/models")[0].status, 401)
        self.assertEqual(self.request("GET", "/v1/models", headers={"Authorization": "Bearer sk-right"})[0].status, 200)
        self.assertEqual(self.request("GET", "/health")[0].status, 200)


class ConfigTest(CommandTest):
    def test_it_is_checked_by_line_and_key(self):
        good = self.write("good.toml", b'listen = "127.0.0.1:0"\n[limits]\nactive = 2\n')
        self.assertIn("is fine", self.text("serve", "--check-config", "--config", good))
        bad = self.write("bad.toml", b'listen = "127.0.0.1:0"\n[limits]\nactive = "two"\n')
        self.assert_refused(2, "bad.toml:3: limits.active must be a whole number", "serve", "--check-config", "--config", bad)

    def test_the_world_is_not_let_in_by_mistake(self):
        self.assert_refused(2, "--allow-remote-without-keys", "serve", "--listen", "0.0.0.0:0", "--model", STORIES)
        self.assert_refused(2, "HOST:PORT", "serve", "--listen", "nonsense")


if __name__ == "__main__":
    unittest.main()
