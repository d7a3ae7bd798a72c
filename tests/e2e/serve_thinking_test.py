"""Thinking in the words of each surface, on a model whose block is closed by force at its limit."""
import unittest

from server import ThinkingServerTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
MESSAGE = {"model": "default", "messages": PROMPT, "max_tokens": 1200, "seed": 1}


class ThinkingTest(ThinkingServerTest):
    def test_messages_have_a_block_of_thinking_before_the_text(self):
        limited = MESSAGE | {"max_tokens": 24, "reckon": {"budget": {"thinking_tokens": 6}}}
        status, body = self.post("/v1/messages", limited)
        self.assertEqual(status, 200, body)
        self.assertEqual([block["type"] for block in body["content"]], ["thinking", "text"], body)
        self.assertTrue(all(block["thinking" if block["type"] == "thinking" else "text"] for block in body["content"]))
        events = self.stream("/v1/messages", limited)
        for kind, field in (("thinking_delta", "thinking"), ("text_delta", "text")):
            said = "".join(data["delta"][field] for _, name, data in events
                           if name == "content_block_delta" and data["delta"]["type"] == kind)
            self.assertEqual(said, next(b[field] for b in body["content"] if b["type"] == field))
        history = PROMPT + [{"role": "assistant", "content": body["content"]}, {"role": "user", "content": "On"}]
        status, after = self.post("/v1/messages", limited | {"messages": history})
        self.assertEqual(status, 200, after)
        self.assertGreater(after["usage"]["input_tokens"], body["usage"]["input_tokens"] + 12)

    def test_messages_without_thinking(self):
        status, body = self.post("/v1/messages", MESSAGE | {"max_tokens": 12, "thinking": {"type": "disabled"}})
        self.assertEqual([block["type"] for block in body["content"]], ["text"], body)
        self.assertEqual(body["usage"]["output_tokens"], 12)

    def test_the_budget_of_thinking_is_a_limit(self):
        status, body = self.post("/v1/messages", MESSAGE | {"thinking": {"type": "enabled", "budget_tokens": 1024}})
        self.assertEqual(status, 200, body)  # the context of 512 tokens is less, and the answer still has its share
        self.assertEqual([block["type"] for block in body["content"]], ["thinking", "text"])

    def test_the_name_think_and_effort(self):
        for body in ({"model": "default@think6"}, {"reckon": {"policy": "think6"}}):
            status, said = self.post("/v1/chat/completions", {"model": "default", "messages": PROMPT, "max_tokens": 24} | body)
            self.assertEqual(said["usage"]["completion_tokens_details"]["reasoning_tokens"], 6, said)
            self.assertTrue(said["choices"][0]["message"]["content"])
        status, said = self.post("/v1/responses", {"model": "default", "input": "Once", "max_output_tokens": 32,
                                                   "reasoning": {"effort": "medium"}})
        self.assertEqual([item["type"] for item in said["output"]], ["reasoning", "message"], said)
        self.assertEqual(said["usage"]["output_tokens_details"]["reasoning_tokens"], 12)  # half of what the answer leaves
        _, models = self.request("GET", "/v1/models")
        self.assertIn(b"@think2k", models)


if __name__ == "__main__":
    unittest.main()
