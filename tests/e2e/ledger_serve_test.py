import csv
import io
import json
import random
import socket
import sqlite3
import subprocess
import threading
import unittest

from command import HANGS, RECKON, STORIES
from server import ServerTest


class LedgerTest(ServerTest):
    options = ("--api-key", "sk-one", "--api-key", "sk-two")

    def rows(self):
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM runs ORDER BY sequence")]

    def ask(self, key, **fields):
        body = {"model": STORIES, "messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 16} | fields
        response, data = self.request("POST", "/v1/chat/completions", body, {"x-api-key": key})
        return response.status, data


class LedgerOfServer(LedgerTest):
    def test_the_row_is_there_when_the_answer_is(self):
        for number in range(5):
            status, data = self.ask("sk-one", model=STORIES + "@sc3")
            self.assertEqual(status, 200, data)
            row, usage = self.rows()[-1], json.loads(data)["reckon"]["usage"]
            self.assertEqual(len(self.rows()), number + 1)
            self.assertEqual((row["id"], row["key"], row["command"]), (json.loads(data)["reckon"]["id"], "key1", "serve"))
            for kind in ("prompt", "cached", "selected", "discarded", "verifier", "probe"):
                self.assertEqual(row[kind], usage[kind], kind)

    def test_usage_sums_by_key_model_strategy_and_day(self):
        for key, policy in (("sk-one", "single"), ("sk-two", "sc2"), ("sk-two", "single")):
            self.assertEqual(self.ask(key, model=f"{STORIES}@{policy}")[0], 200)
        rows = list(csv.DictReader(io.StringIO(self.text("usage", "--by", "key", "--format", "csv"))))
        self.assertEqual([(row["key"], row["runs"]) for row in rows], [("key1", "1"), ("key2", "2")])
        self.assertEqual(sum(int(row["computed"]) for row in rows),
                         sum(r[k] for r in self.rows() for k in ("prompt", "selected", "discarded", "verifier", "probe")))
        by_strategy = json.loads(self.text("usage", "--by", "strategy", "--format", "json"))
        self.assertEqual([total["runs"] for total in by_strategy["totals"]], [1, 2])
        self.assertIn(STORIES, self.text("usage", "--since", "1h"))
        self.assertEqual(json.loads(self.text("usage", "--by", "day", "--since", "2999-01-01", "--format", "json"))["totals"], [])
        self.assert_refused(2, "--since soon", "usage", "--since", "soon")
        self.assert_refused(2, "--by user", "usage", "--by", "user")

    def test_clients_that_vanish_have_their_rows(self):
        request = json.dumps({"model": STORIES + "@sc8", "messages": [{"role": "user", "content": "Once"}],
                              "max_tokens": 480, "stream": True}).encode()
        for _ in range(5):
            with socket.create_connection((self.host, self.port)) as connection:
                connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: sk-one\r\n"
                                   b"Content-Length: %d\r\n\r\n%s" % (len(request), request))
                connection.recv(100)
        self.eventually(lambda: len(self.rows()) == 5)
        code, said = self.stop()
        self.assertEqual(code, 0, said)
        self.assertEqual(len(self.rows()), 5)

    def test_the_ledger_adds_up_to_the_tokens_that_were_computed(self):
        random.seed(1)
        plans = [(random.choice(("single", "sc3", "auto")), random.randint(1, 60), random.random() < 0.3) for _ in range(120)]

        def client(mine):
            for policy, tokens, leaves in mine:
                request = json.dumps({"model": f"{STORIES}@{policy}", "messages": [{"role": "user", "content": "Once"}],
                                      "max_tokens": tokens, "stream": leaves}).encode()
                with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
                    connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: sk-one\r\nConnection: close\r\n"
                                       b"Content-Length: %d\r\n\r\n%s" % (len(request), request))
                    while connection.recv(65536) and not leaves:
                        pass

        threads = [threading.Thread(target=client, args=(plans[i::6],)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.eventually(lambda: len(self.rows()) == len(plans))
        _, data = self.request("GET", "/metrics", headers={"x-api-key": "sk-one"})
        metrics = dict(line.rsplit(" ", 1) for line in data.decode().splitlines() if not line.startswith("#"))
        for kind in ("prompt", "cached", "selected", "discarded", "verifier", "probe"):
            self.assertEqual(sum(row[kind] for row in self.rows()), int(metrics['reckon_tokens_total{kind="%s"}' % kind]), kind)
        self.assertEqual(metrics["reckon_ledger_overruns_total"], "0")
        self.assertEqual(metrics["reckon_ledger_failures_total"], "0")

    def test_after_a_kill_under_load_every_answer_that_was_given_has_its_row(self):
        answered, lock = [], threading.Lock()

        def client():
            while True:
                try:
                    status, data = self.ask("sk-one", model=STORIES + "@sc2")
                except OSError:
                    return
                except Exception:  # half an answer
                    return
                if status == 200:
                    with lock:
                        answered.append(json.loads(data)["reckon"]["id"])

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        self.eventually(lambda: len(answered) >= 20)
        self.process.kill()
        for thread in threads:
            thread.join()
        self.process.wait()
        rows = [row["id"] for row in self.rows()]
        self.assertEqual(len(rows), len(set(rows)))
        self.assertLessEqual(set(answered), set(rows))
        self.process.communicate()
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")


class Shutdown(LedgerTest):
    @property
    def options(self):
        return (*super().options, "--config", self.write("serve.toml", b"drain_seconds = 0.2\n[limits]\nsamples = 1000\n"))

    def test_what_it_cuts_off_is_entered(self):
        request = json.dumps({"model": STORIES + "@sc1000", "messages": [{"role": "user", "content": "Once"}],
                              "max_tokens": 480, "stream": True}).encode()
        with socket.create_connection((self.host, self.port)) as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nx-api-key: sk-one\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(request), request))
            self.assertTrue(connection.recv(100))  # it runs
            code, said = self.stop()
        self.assertEqual(code, 1, said)
        self.assertEqual([row["stop_reason"] for row in self.rows()], ["cancelled"], said)


class FullDisk(ServerTest):
    """The ledger's disk is full: stood for by a limit on the size of the files that the server may write."""

    def start(self, *arguments, **options):
        import resource
        import signal as signals

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (96 << 10, 96 << 10))
            signals.signal(signals.SIGXFSZ, signals.SIG_IGN)
        return subprocess.Popen([RECKON, *map(str, arguments)], cwd=self.folder, env=self.environment, preexec_fn=limit,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def test_the_request_fails_truthfully_and_no_receipt_is_lost(self):
        statuses = []
        for _ in range(400):
            status, body = self.chat(max_tokens=4)
            statuses.append(status)
            if status != 200:
                break
        self.assertEqual(statuses[-1], 500, body)
        self.assertEqual(body["error"]["code"], "ledger_unavailable")
        status, body = self.chat(max_tokens=4)
        self.assertEqual((status, body["error"]["code"]), (503, "ledger_unavailable"))
        _, said = self.stop()
        self.assertIn("not in the ledger", said)
        self.assertIn("reckon.receipt/1", said)
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            self.assertEqual(database.execute("SELECT count(*) FROM runs").fetchone()[0], statuses.count(200))


if __name__ == "__main__":
    unittest.main()
