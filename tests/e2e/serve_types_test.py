"""Every body and every event against the types of the vendors' own libraries, strictly: what is required is there, of its type, and
nothing is there that they do not know but what is Reckon's own. The libraries themselves do not look. tools/e2e-clients runs this."""
import importlib.util
import json
import typing
import unittest

from command import STORIES
from server import SCHEMA, ServerTest, ThinkingServerTest, ToolsServerTest

if importlib.util.find_spec("openai") and importlib.util.find_spec("anthropic"):
    import anthropic.types
    import openai.types.chat
    import openai.types.responses
    import pydantic
    from anthropic.types.shared.error_response import ErrorResponse

needs_both = unittest.skipUnless("ErrorResponse" in globals(), "openai and anthropic: not installed; run tools/e2e-clients")

OWN = {"reckon", "warnings", "reasoning_content", "reasoning", "status", "meta", "store"}  # status, meta: of models; OpenAI sends store, too
MODEL = {"object", "created", "owned_by", "type", "display_name", "created_at"}  # each vendor's clients find theirs
PROMPT = [{"role": "user", "content": "Once upon a time"}]
CHAT = {"model": STORIES, "messages": PROMPT, "max_tokens": 12, "seed": 1}
COMPLETION = {"model": STORIES, "prompt": "Once upon a time", "max_tokens": 12, "seed": 1}
RESPONSE = {"model": STORIES, "input": "Once upon a time", "max_output_tokens": 12, "seed": 1}
MESSAGE = {"model": STORIES, "messages": PROMPT, "max_tokens": 12, "seed": 1}


class Strict(ServerTest):
    def fits(self, kind, data, own=frozenset()):
        """`data`, checked to be of this type."""
        found = pydantic.TypeAdapter(kind).validate_json(json.dumps(data), strict=True)
        self.nothing_else(found, OWN | own)
        return found

    def nothing_else(self, value, own, path=""):
        if isinstance(value, pydantic.BaseModel):
            self.assertLessEqual(set(value.model_extra or {}), own, f"{type(value).__name__} at {path}")
            for name in value.model_fields_set & set(type(value).model_fields):
                self.nothing_else(getattr(value, name), own, f"{path}.{name}")
        elif isinstance(value, list):
            for element in value:
                self.nothing_else(element, own, path + "[]")

    def whole(self, path, body, kind):
        status, data = self.post(path, body)
        self.assertEqual(status, 200, data)
        return self.fits(kind, data)

    # Every surface: a whole answer, and a stream; both are returned.
    def chat_answers(self, **fields):
        body = CHAT | fields
        whole = self.whole("/v1/chat/completions", body, openai.types.chat.ChatCompletion)
        events = self.stream("/v1/chat/completions", body | {"stream_options": {"include_usage": True}})
        self.assertEqual(events[-1][2], "[DONE]")
        chunks = [self.fits(openai.types.chat.ChatCompletionChunk, data) for _, _, data in events[:-1]]
        self.assertEqual({(c.id, c.created, c.model) for c in chunks}, {(chunks[0].id, chunks[0].created, body["model"])})
        self.assertEqual([c.usage is None for c in chunks], [True] * (len(chunks) - 1) + [False])
        self.assertEqual(chunks[-1].choices, [])
        choices = [choice for chunk in chunks for choice in chunk.choices]
        for index in {choice.index for choice in choices}:
            own = [choice for choice in choices if choice.index == index]
            self.assertEqual([choice.delta.role for choice in own], ["assistant"] + [None] * (len(own) - 1))
            self.assertEqual([bool(choice.finish_reason) for choice in own], [False] * (len(own) - 1) + [True])
        return whole, chunks

    def completion_answers(self, **fields):
        body = COMPLETION | fields
        whole = self.whole("/v1/completions", body, openai.types.Completion)
        events = self.stream("/v1/completions", body | {"stream_options": {"include_usage": True}})
        self.assertEqual(events[-1][2], "[DONE]")
        # Of the choices of a chunk those that are not the last have no finish_reason: OpenAI's own library wrongly requires it.
        chunks = []
        for _, _, data in events[:-1]:
            ended = [choice | {"finish_reason": choice["finish_reason"] or "stop"} for choice in data["choices"]]
            chunks.append(self.fits(openai.types.Completion, data | {"choices": ended}))
        self.assertEqual([c.usage is None for c in chunks], [True] * (len(chunks) - 1) + [False])
        return whole, chunks

    def response_answers(self, **fields):
        body = RESPONSE | fields
        whole = self.whole("/v1/responses", body, openai.types.responses.Response)
        events = []
        for _, name, data in self.stream("/v1/responses", body):
            if data["type"] != "reckon.progress":
                event = self.fits(openai.types.responses.ResponseStreamEvent, data)
                self.assertEqual(type(event), self.event_types()[name])
                self.assertEqual(name, data["type"])
                events.append(event)
        self.assertEqual([e.sequence_number for e in events], sorted(e.sequence_number for e in events))
        self.items_are_told_in_order(events)
        return whole, events

    @staticmethod
    def event_types():
        union = typing.get_args(typing.get_args(openai.types.responses.ResponseStreamEvent)[0])
        return {typing.get_args(kind.model_fields["type"].annotation)[0]: kind for kind in union}

    def items_are_told_in_order(self, events):
        """Deltas add up to what is done, what is done to its item, and items to the response."""
        said, items = {}, []
        for event in events:
            where = (getattr(event, "item_id", None), getattr(event, "content_index", None))
            if event.type.endswith(".delta"):
                said[where] = said.get(where, "") + event.delta
            elif event.type in ("response.output_text.done", "response.reasoning_text.done"):
                self.assertEqual(said.get(where, ""), event.text)
            elif event.type == "response.function_call_arguments.done":
                self.assertEqual(said.get(where, ""), event.arguments)
            elif event.type == "response.output_item.added":
                self.assertEqual(event.output_index, len(items))
                self.assertEqual(event.item.status, "in_progress")
            elif event.type == "response.output_item.done":
                self.assertEqual(event.output_index, len(items))
                items.append(event.item)
        self.assertEqual([e.type for e in events[:2]], ["response.created", "response.in_progress"])
        final = events[-1]
        self.assertEqual(final.type, "response." + final.response.status)
        self.assertEqual(final.response.output, items)
        self.assertEqual(len({item.id for item in items}), len(items))

    def message_answers(self, **fields):
        body = MESSAGE | fields
        whole = self.whole("/v1/messages", body, anthropic.types.Message)
        self.assertIsNotNone(whole.stop_reason)
        events = self.stream("/v1/messages", body)
        self.assertTrue(all(name == data["type"] for _, name, data in events))
        found = [self.fits(anthropic.types.RawMessageStreamEvent, data) for _, name, data in events if name != "ping"]
        for _, name, data in events:
            if name == "ping":
                self.assertEqual(data, {"type": "ping"})
        self.assertEqual((found[0].type, found[-2].type, found[-1].type), ("message_start", "message_delta", "message_stop"))
        blocks = [e for e in found[1:-2]]
        indices = [e.index for e in blocks if e.type == "content_block_start"]
        self.assertEqual(indices, list(range(len(indices))))
        open_block = None
        for event in blocks:
            if event.type == "content_block_start":
                self.assertIsNone(open_block)
                open_block = event.index
            self.assertEqual(event.index, open_block)
            if event.type == "content_block_stop":
                open_block = None
        self.assertIsNone(open_block)
        return whole, found


@needs_both
class PlainTest(Strict):
    def test_chat(self):
        whole, chunks = self.chat_answers()
        self.assertEqual(whole.choices[0].finish_reason, "length")
        self.chat_answers(stop=["e"])
        self.chat_answers(n=3)
        self.chat_answers(nothing_knows_this=1)
        whole, chunks = self.chat_answers(logprobs=True, top_logprobs=2)
        self.assertEqual(len(whole.choices[0].logprobs.content), 12)
        told = [t for c in chunks for choice in c.choices if choice.logprobs for t in choice.logprobs.content]
        self.assertEqual(told, whole.choices[0].logprobs.content)
        whole, _ = self.chat_answers(max_tokens=60, response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}})
        self.assertEqual(set(json.loads(whole.choices[0].message.content)), {"a", "b"})

    def test_chat_through_a_vote(self):
        for policy in ("sc4", "auto", "bon4"):
            whole, chunks = self.chat_answers(model=f"{STORIES}@{policy}")
            text = "".join(choice.delta.content or "" for c in chunks for choice in c.choices)
            self.assertEqual(text, whole.choices[0].message.content)
        self.chat_answers(model=STORIES + "@sc4", n=2, reckon={"stream": {"progress": True}})

    def test_completions(self):
        self.completion_answers()
        self.completion_answers(n=2)
        self.completion_answers(model=STORIES + "@sc4")
        whole, chunks = self.completion_answers(logprobs=2)
        self.assertEqual(len(whole.choices[0].logprobs.tokens), 12)

    def test_responses(self):
        whole, events = self.response_answers(metadata={"a": "b"}, instructions="Tell a story.", user="u")
        self.assertEqual((whole.status, whole.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        whole, events = self.response_answers(text={"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}, max_output_tokens=60)
        self.assertEqual((whole.status, events[-1].type), ("completed", "response.completed"))
        whole, events = self.response_answers(top_logprobs=2, include=["message.output_text.logprobs"])
        self.assertEqual(len(whole.output[0].content[0].logprobs), 12)
        self.response_answers(input=[{"role": "user", "content": [{"type": "input_text", "text": "Once"}]}], reasoning={"effort": "low"})

    def test_responses_through_a_vote(self):
        whole, events = self.response_answers(model=STORIES + "@sc4", reckon={"stream": {"progress": True}})
        self.assertEqual([item.type for item in events[-1].response.output], ["reasoning", "message"])

    def test_a_response_in_the_background(self):
        begun = self.whole("/v1/responses", RESPONSE | {"background": True}, openai.types.responses.Response)
        path = "/v1/responses/" + begun.id
        self.eventually(lambda: json.loads(self.request("GET", path)[1])["status"] != "in_progress")
        self.fits(openai.types.responses.Response, json.loads(self.request("GET", path)[1]))

    def test_messages(self):
        whole, events = self.message_answers(system="Tell a story.")
        self.assertEqual(whole.stop_reason, "max_tokens")
        self.assertEqual(events[-2].usage.output_tokens, whole.usage.output_tokens)
        whole, events = self.message_answers(stop_sequences=["e"], max_tokens=100)
        self.assertEqual((whole.stop_reason, whole.stop_sequence), ("stop_sequence", "e"))
        self.assertEqual((events[-2].delta.stop_reason, events[-2].delta.stop_sequence), ("stop_sequence", "e"))
        self.message_answers(model=STORIES + "@sc4")
        count = {k: v for k, v in MESSAGE.items() if k in ("model", "messages")}
        self.whole("/v1/messages/count_tokens", count, anthropic.types.MessageTokensCount)

    def test_models_of_both_vendors(self):
        listed = json.loads(self.request("GET", "/v1/models")[1])
        self.assertEqual((listed["object"], listed["has_more"]), ("list", False))
        self.assertEqual((listed["first_id"], listed["last_id"]), (listed["data"][0]["id"], listed["data"][-1]["id"]))
        for model in listed["data"]:
            self.fits(openai.types.Model, model, MODEL)
            # A date is a text in JSON; only Python's strictness would have more.
            pydantic.TypeAdapter(anthropic.types.ModelInfo).validate_json(json.dumps(model))
            response, data = self.request("GET", "/v1/models/" + model["id"].replace("/", "%2F"))
            self.assertEqual(json.loads(data), model)

    def test_errors_and_their_headers(self):
        wrong = [({"model": "gpt-9"}, 404, "model_not_found", "not_found_error"),
                 ({"temperature": 9}, 400, "invalid_value", "invalid_request_error"),
                 ({"model": STORIES + "@nonsense"}, 400, "invalid_policy", "invalid_request_error")]
        for path, body in (("/v1/chat/completions", CHAT), ("/v1/completions", COMPLETION), ("/v1/responses", RESPONSE), ("/v1/messages", MESSAGE)):
            for fields, status, code, kind in wrong:
                for stream in (False, True):
                    response, data = self.request("POST", path, body | fields | {"stream": stream})
                    self.assertEqual(response.status, status, data)
                    self.assertEqual(response.getheader("Content-Type"), "application/json")
                    if path == "/v1/messages":
                        error = self.fits(ErrorResponse, json.loads(data))
                        self.assertEqual(error.error.type, kind)
                        self.assertEqual(error.request_id, response.getheader("request-id"))
                    else:
                        error = self.fits(openai.types.ErrorObject, json.loads(data)["error"])
                        self.assertEqual((error.code, error.type), (code, kind))
                    self.assertTrue(response.getheader("x-request-id"))

    def test_every_answer_names_its_request(self):
        for path, body in (("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGE), ("/v1/messages/count_tokens", MESSAGE)):
            response, data = self.request("POST", path, body)
            self.assertEqual(response.status, 200, data)
            self.assertTrue(response.getheader("x-request-id"))
            self.assertEqual(response.getheader("request-id"), response.getheader("x-request-id") if "messages" in path else None)
        self.assertTrue(self.request("GET", "/v1/models")[0].getheader("x-request-id"))


@needs_both
class ToolsTest(ToolsServerTest, Strict):
    def test_calls(self):
        function = {"name": "add", "description": "Adds.", "parameters": SCHEMA}
        forced = {"model": "default", "tool_choice": "required", "parallel_tool_calls": False} | self.steered
        for policy in ("", "@sc4"):
            asked = forced | {"model": "default" + policy}
            whole, chunks = self.chat_answers(**asked | {"max_tokens": 200, "tools": [{"type": "function", "function": function}]})
            self.assertEqual(whole.choices[0].finish_reason, "tool_calls")
            calls = [call for c in chunks for choice in c.choices for call in choice.delta.tool_calls or []]
            self.assertEqual([(c.index, c.type, c.function.name) for c in calls], [(0, "function", "add")])
            whole, events = self.response_answers(**asked | {"max_output_tokens": 200, "tools": [{"type": "function", "strict": True, **function}]})
            self.assertEqual((whole.status, whole.output[-1].type), ("completed", "function_call"))
            choice = {"type": "any", "disable_parallel_tool_use": True}
            asked.pop("parallel_tool_calls")
            whole, events = self.message_answers(**asked | {
                "max_tokens": 200, "tools": [{"name": "add", "input_schema": SCHEMA}], "tool_choice": choice})
            self.assertEqual((whole.stop_reason, events[-2].delta.stop_reason), ("tool_use", "tool_use"))

    def test_what_is_echoed_of_a_request_with_tools(self):
        tools = [{"type": "function", "name": "add", "parameters": SCHEMA}]  # no strict, as many send it
        for choice in ("auto", "none", {"type": "function", "name": "add"}):
            self.response_answers(model="default", tools=tools, tool_choice=choice)


@needs_both
class ThinkingTest(ThinkingServerTest, Strict):
    def test_thinking(self):
        limited = {"model": "default", "reckon": {"budget": {"thinking_tokens": 6}}}
        for policy in ("", "@sc4"):
            asked = limited | {"model": "default" + policy}
            self.chat_answers(**asked | {"max_tokens": 24})
            whole, events = self.response_answers(**asked | {"max_output_tokens": 24})
            self.assertEqual([item.type for item in whole.output], ["reasoning", "message"])
            whole, events = self.message_answers(**asked | {"max_tokens": 24})
            self.assertEqual([block.type for block in whole.content], ["thinking", "text"])


if __name__ == "__main__":
    unittest.main()
