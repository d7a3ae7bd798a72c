import json
import pathlib
import signal
import sqlite3
import threading
import unittest
import urllib.parse

from command import STORIES, CommandTest
from operations_test import OperationsTest
from server import ServerTest

# 1.2 MB of weights and 640 bytes for each of 8,192 cells: two of them need 0.012 GiB.
TWO = f'''memory_limit = LIMIT
[[models]]
name = "first"
model = "{STORIES}"
context = 256
[[models]]
name = "second"
model = "{STORIES}"
kv_cells = 4096
'''


class Models(OperationsTest):
    config = TWO.replace("LIMIT", "1.0").encode()

    def start(self, *arguments, **options):
        return super().start(*[a for a in arguments if a not in ("--model", STORIES)], **options)

    def status(self, name):
        _, data = self.request("GET", "/v1/models/" + urllib.parse.quote(name, safe=""))
        return json.loads(data)["status"]["value"]

    def rows(self):
        with sqlite3.connect(self.folder / "data/reckon/reckon.db") as database:
            return database.execute("SELECT model, prompt + selected + discarded FROM runs ORDER BY sequence").fetchall()


class TwoModels(Models):
    def test_each_is_loaded_when_it_is_asked_for_and_told_apart_everywhere(self):
        self.assertEqual((self.status("first"), self.status("second")), ("loaded", "unloaded"))
        self.assertEqual(self.chat(model="first@sc2")[0], 200)
        status, body = self.chat(model="second@sc2")
        self.assertEqual((status, body["model"]), (200, "second@sc2"))
        self.assertEqual(self.status("second"), "loaded")
        self.assertEqual([model for model, _ in self.rows()], ["first", "second"])
        self.assertEqual(self.chat(model="default")[1]["reckon"]["receipt"]["model"], "first")
        status, body = self.chat(model="third")
        self.assertEqual((status, body["error"]["code"]), (404, "model_not_found"))
        self.assertIn("there are 'first', 'second'", body["error"]["message"])

        ids = [m["id"] for m in json.loads(self.request("GET", "/v1/models")[1])["data"]]
        self.assertLess({"first", "first@auto", "second", "second@auto", "reckon/auto"}, set(ids))
        for name, context in (("first", 256), ("second", 512)):
            props = json.loads(self.request("GET", "/props?model=" + name)[1])
            self.assertEqual((props["model_alias"], props["default_generation_settings"]["n_ctx"]), (name, context))
        slots = json.loads(self.request("GET", "/slots")[1])
        self.assertEqual({(s["model"], s["n_ctx"]) for s in slots}, {("first", 256), ("second", 512)})
        self.assertEqual(self.metric('reckon_engine_kv_cells{model="second",state="all"}'), 4096)

    def test_the_engines_counters_equal_the_ledger_model_by_model(self):
        for policy in ("single", "sc3", "auto"):
            for name in ("first", "second"):
                self.assertEqual(self.chat(model=f"{name}@{policy}")[0], 200)
        for name in ("first", "second"):
            engine = sum(self.metric(f'reckon_engine_tokens_total{{model="{name}",kind="{kind}"}}') for kind in ("prompt", "generated"))
            self.assertEqual(engine, sum(tokens for model, tokens in self.rows() if model == name))


class OneAtATime(Models):
    config = TWO.replace("LIMIT", "0.008").encode()

    def test_they_take_turns_and_nobody_is_cut_off(self):
        answers = {}

        def client(number):
            name = ("first", "second")[number % 2]
            answers[number] = [self.chat(model=name, max_tokens=100)[0] for _ in range(5)]

        threads = [threading.Thread(target=client, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, {number: [200] * 5 for number in range(6)})
        loaded = [self.metric(f'reckon_model_loaded{{model="{name}"}}') for name in ("first", "second")]
        self.assertEqual(sum(loaded), 1)
        self.assertGreaterEqual(self.metric('reckon_model_loads_total{model="second"}'), 1)
        for name in ("first", "second"):  # also over the times that it was loaded
            engine = sum(self.metric(f'reckon_engine_tokens_total{{model="{name}",kind="{kind}"}}') for kind in ("prompt", "generated"))
            self.assertEqual(engine, sum(tokens for model, tokens in self.rows() if model == name))
        code, said = self.stop()
        self.assertEqual(code, 0, said)

    def test_a_file_that_is_gone_is_told_to_who_asks_and_the_server_goes_on(self):
        copy = self.write("copy.gguf", pathlib.Path(STORIES).read_bytes())
        self.end()
        self.config = TWO.replace("LIMIT", "0.008").replace(f'model = "{STORIES}"\nkv', f'model = "{copy}"\nkv').encode()
        self.process = self.start("serve", "--listen", "127.0.0.1:0", "--threads", 1, *self.options)
        self.port = int(self.process.stderr.readline().decode().rsplit(":", 1)[1])
        self.process.stderr.readline()
        copy.unlink()
        status, body = self.chat(model="second")
        self.assertEqual((status, body["error"]["code"]), (503, "model_unavailable"))
        self.assertIn("copy.gguf", body["error"]["message"])
        self.assertEqual(self.chat(model="first")[0], 200)


class FromTheCommandLine(ServerTest):
    def setUp(self):
        self.options = ("--model", str(self.second_file()))
        super().setUp()

    def second_file(self):
        return STORIES.replace("tests/data", "tests/../tests/data")

    def test_model_may_be_repeated_and_sigterm_ends_it_cleanly(self):
        self.assertEqual(self.chat(model=self.second_file())[0], 200)
        self.assertEqual(self.chat(model=STORIES)[0], 200)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(60), 0)


class Mistakes(CommandTest):
    def test_they_are_named_by_line_and_key(self):
        for text, said in ((b'[[models]]\nmodel = "x"\n', "c.toml:1: models.name is missing"),
                           (b'[[models]]\nname = "a"\n[[models]]\nname = "a"\n', "c.toml:4: models.name 'a' is there twice"),
                           (b'[[models]]\nname = "a@b"\n', "c.toml:2: models.name 'a@b' cannot be the name of a model"),
                           (b'[[models]]\nname = "a"\ncontext = 1\n', "c.toml:3: models.context must be in"),
                           (b'[[models]]\nname = "a"\nthread = 1\n', "c.toml:3: models.thread is not known (did you mean threads?)"),
                           (b'models = 1\n', "c.toml:1: models must be [[models]] tables"),
                           (b'model = "a"\n[[models]]\nname = "b"\n', "c.toml:1: model and [[models]] exclude each other"),
                           (b'memory_limit = "all"\n', "c.toml:1: memory_limit must be a number")):
            self.assert_refused(2, said, "serve", "--check-config", "--config", self.write("c.toml", text))

    def test_what_can_never_fit_is_said_at_the_start(self):
        self.assert_refused(2, "needs 0.01 GiB of memory and the limit is 0.00", "serve", "--listen", "127.0.0.1:0",
                            "--model", STORIES, "--memory-limit", 0.001)
        self.assert_refused(2, "is there twice", "serve", "--model", STORIES, "--model", STORIES)


if __name__ == "__main__":
    unittest.main()
