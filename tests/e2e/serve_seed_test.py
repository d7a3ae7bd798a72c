"""The same request with the same seed says the same, through a vote, with several choices and in a stream; another seed does not."""
import unittest

from command import STORIES
from server import ServerTest

CHAT = {"messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 24}
SURFACES = {
    "/v1/chat/completions": CHAT,
    "/v1/completions": {"prompt": "Once upon a time", "max_tokens": 24},
    "/v1/responses": {"input": "Once upon a time", "max_output_tokens": 24},
    "/v1/messages": CHAT,
}


def said(path, body):
    """The text of every choice."""
    if path == "/v1/responses":
        return [item["content"][0]["text"] for item in body["output"]]
    if path == "/v1/messages":
        return [block["text"] for block in body["content"]]
    return [choice["message"]["content"] if "message" in choice else choice["text"] for choice in body["choices"]]


def streamed(path, events):
    """All texts of a stream, in their order: also what the lead of a vote said."""
    if path == "/v1/responses":
        return [data.get("delta") for _, name, data in events if name.endswith(".delta")]
    if path == "/v1/messages":
        return [data["delta"]["text"] for _, name, data in events if name == "content_block_delta"]
    return [(c["index"], c.get("text") or c.get("delta")) for _, _, data in events[:-1] for c in data["choices"]]


class SeedTest(ServerTest):
    def test_of_every_surface(self):
        for path, fields in SURFACES.items():
            for policy in ("single", "sc4", "auto"):
                def ask(seed):
                    status, body = self.post(path, fields | {"model": f"{STORIES}@{policy}", "seed": seed, "reckon": {"task": "text"}})
                    self.assertEqual(status, 200, body)
                    about = body["reckon"]
                    self.assertEqual(about["receipt"]["seed"], seed)
                    return said(path, body), about.get("answer"), about.get("votes"), about["samples"]
                with self.subTest(path=path, policy=policy):
                    first = ask(7)
                    self.assertEqual(ask(7), first)
                    self.assertNotEqual(ask(8)[0], first[0])

    def test_of_several_choices(self):
        for path in ("/v1/chat/completions", "/v1/completions"):
            for policy in ("single", "sc4"):
                def ask(seed):
                    return said(path, self.post(path, SURFACES[path] | {"model": f"{STORIES}@{policy}", "seed": seed, "n": 3})[1])
                with self.subTest(path=path, policy=policy):
                    first = ask(7)
                    self.assertEqual(len(set(first)), 3)  # each has randomness of its own
                    self.assertEqual(ask(7), first)
                    self.assertFalse(set(ask(8)) & set(first))

    def test_of_streams(self):
        for path, fields in SURFACES.items():
            for policy in ("single", "sc4"):
                with self.subTest(path=path, policy=policy):
                    body = fields | {"model": f"{STORIES}@{policy}"}
                    first, again, other = (streamed(path, self.stream(path, body | {"seed": seed})) for seed in (7, 7, 8))
                    self.assertTrue(first)
                    self.assertEqual(again, first)
                    self.assertNotEqual(other, first)
                    whole = said(path, self.post(path, body | {"seed": 7})[1])[0]
                    self.assertIn(whole, "".join(p if isinstance(p, str) else (p or {}).get("content", "")
                                                 for p in (f[1] if isinstance(f, tuple) else f for f in first)))


if __name__ == "__main__":
    unittest.main()
