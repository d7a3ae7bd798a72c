"""Calls of tools in the words of each surface, on a model whose chat template has a place for them."""
import json
import unittest

from server import SCHEMA, ToolsServerTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
CHAT = {"model": "default", "messages": PROMPT, "max_tokens": 200, "tool_choice": "required", "parallel_tool_calls": False,
        "tools": [{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}]}
MESSAGE = {"model": "default", "messages": PROMPT, "max_tokens": 200, "tools": [{"name": "add", "description": "Adds.", "input_schema": SCHEMA}],
           "tool_choice": {"type": "any", "disable_parallel_tool_use": True}}
RESPONSE = {"model": "default", "input": "Once upon a time", "max_output_tokens": 200, "tool_choice": "required",
            "parallel_tool_calls": False, "tools": [{"type": "function", "name": "add", "parameters": SCHEMA}]}


class ChatTest(ToolsServerTest):
    def test_a_required_call_follows_its_schema_and_its_result_can_be_told(self):
        status, body = self.post("/v1/chat/completions", CHAT | self.steered)
        self.assertEqual(status, 200, body)
        choice = body["choices"][0]
        self.assertEqual(choice["finish_reason"], "tool_calls", body)
        call = choice["message"]["tool_calls"][0]
        self.assertEqual(call["function"]["name"], "add")
        self.assertEqual(set(json.loads(call["function"]["arguments"])), {"a", "b"})
        history = PROMPT + [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "four"}]
        status, body = self.post("/v1/chat/completions", CHAT | {"messages": history, "tool_choice": "auto", "max_tokens": 8})
        self.assertEqual(status, 200, body)

    def test_a_vote_on_calls(self):
        status, body = self.post("/v1/chat/completions", CHAT | self.steered | {"model": "default@sc4"})
        self.assertEqual(status, 200, body)
        self.assertEqual(len(body["choices"][0]["message"]["tool_calls"]), 1)
        self.assertGreater(body["reckon"]["votes"], 0)

    def test_streamed_calls_of_several_choices(self):
        events = [data for _, _, data in self.stream("/v1/chat/completions", CHAT | self.steered | {"n": 2})[:-1]]
        choices = [e["choices"][0] for e in events if e["choices"]]
        for index in (0, 1):
            deltas = [c["delta"] for c in choices if c["index"] == index]
            calls = [d["tool_calls"][0] for d in deltas if "tool_calls" in d]
            self.assertEqual([c["function"]["name"] for c in calls], ["add"])
            self.assertEqual("".join(d.get("content") or "" for d in deltas).strip(), "")
        self.assertEqual([c["finish_reason"] for c in choices if c["finish_reason"]], ["tool_calls", "tool_calls"])


class MessagesTest(ToolsServerTest):
    def test_a_call_its_result_and_the_same_call_streamed(self):
        status, body = self.post("/v1/messages", MESSAGE | self.steered)
        self.assertEqual((status, body["stop_reason"]), (200, "tool_use"), body)
        call = body["content"][-1]
        self.assertEqual((call["type"], call["name"], set(call["input"])), ("tool_use", "add", {"a", "b"}))
        counted = {key: MESSAGE[key] for key in ("model", "messages", "tools", "tool_choice")}
        _, count = self.post("/v1/messages/count_tokens", counted)
        self.assertEqual(count["input_tokens"], body["usage"]["input_tokens"])
        history = PROMPT + [{"role": "assistant", "content": body["content"]},
                            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "four"}]}]
        status, after = self.post("/v1/messages", MESSAGE | {"messages": history, "tool_choice": {"type": "auto"}, "max_tokens": 8})
        self.assertEqual(status, 200, after)
        self.assertGreater(after["usage"]["input_tokens"], body["usage"]["input_tokens"])

        events = self.stream("/v1/messages", MESSAGE | self.steered)
        said = "".join(data["delta"]["partial_json"] for _, name, data in events
                       if name == "content_block_delta" and data["delta"]["type"] == "input_json_delta")
        self.assertEqual(json.loads(said), call["input"])
        self.assertEqual(events[-2][2]["delta"]["stop_reason"], "tool_use")

    def test_a_vote_on_calls(self):
        status, body = self.post("/v1/messages", MESSAGE | self.steered | {"model": "default@sc4"})
        self.assertEqual((status, body["stop_reason"]), (200, "tool_use"), body)


class ResponsesTest(ToolsServerTest):
    def test_a_call_its_output_and_the_same_call_streamed(self):
        status, body = self.post("/v1/responses", RESPONSE | self.steered)
        self.assertEqual((status, body["status"]), (200, "completed"), body)
        call = body["output"][-1]
        self.assertEqual((call["type"], call["name"], set(json.loads(call["arguments"]))), ("function_call", "add", {"a", "b"}))
        history = PROMPT + body["output"] + [{"type": "function_call_output", "call_id": call["call_id"], "output": "four"}]
        status, after = self.post("/v1/responses", RESPONSE | {"input": history, "tool_choice": "auto", "max_output_tokens": 8})
        self.assertEqual(status, 200, after)
        self.assertGreater(after["usage"]["input_tokens"], body["usage"]["input_tokens"])

        events = self.stream("/v1/responses", RESPONSE | self.steered)
        said = "".join(data["delta"] for _, name, data in events if name == "response.function_call_arguments.delta")
        self.assertEqual(said, call["arguments"])
        self.assertEqual(events[-1][2]["response"]["output"][-1]["arguments"], said)


if __name__ == "__main__":
    unittest.main()
