"""Fields of requests, also those deep inside: a value of a wrong type is refused by its path, a field that nobody knows is told, and of
several limits the smallest holds."""
import json
import re
import unittest

from server import SCHEMA, ThinkingServerTest, ToolsServerTest

# A value of a wrong type for each type of a field.
TEXT = [5, True, [], {}]
OBJECT = [5, "x", True, [1]]
LIST = [5, "x", True, {}]
FLAG = [1, "true", [], {}]
WHOLE = ["9", 1.5, True, [], {}]
NUMBER = ["1", True, [], {}]
TEXTS = [5, [1], ["a", {}], {}]
PARTS = [5, True, {}]  # a text or a list of parts
CHOICE = [5, True, [], "x", {}]
CAP = WHOLE + [-7, 0]

FUNCTION = {"name": "add", "description": "Adds.", "parameters": SCHEMA}
CALL = {"id": "c", "type": "function", "function": {"name": "add", "arguments": "{}"}}
TEXT_PART = [{"type": "text", "text": "Once upon a time"}]
USER = {"role": "user", "content": TEXT_PART}
CHAT = {"model": "default", "max_tokens": 2, "tools": [{"type": "function", "function": FUNCTION}],
        "messages": [USER, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "c", "content": "four"}]}
FORM = {"model": "default", "max_tokens": 2, "messages": [USER],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}}
COMPLETION = {"model": "default", "max_tokens": 2, "prompt": "Once upon a time"}
RESPONSE = {"model": "default", "max_output_tokens": 2, "tools": [{"type": "function"} | FUNCTION],
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Once upon a time"}]},
                      {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]},
                      {"type": "function_call", "call_id": "c", "name": "add", "arguments": "{}"},
                      {"type": "function_call_output", "call_id": "c", "output": "four"}]}
RESPONSE_FORM = {"model": "default", "max_output_tokens": 2, "input": "Once",
                 "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}}
MESSAGE = {"model": "default", "max_tokens": 2, "system": TEXT_PART,
           "tools": [{"name": "add", "description": "Adds.", "input_schema": SCHEMA}],
           "messages": [USER, {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": ""},
                                                                {"type": "tool_use", "id": "c", "name": "add", "input": {}}]},
                        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": TEXT_PART}]}]}
MESSAGE_FORM = {"model": "default", "max_tokens": 2, "messages": [USER],
                "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}

SAMPLING = {"model": TEXT, "temperature": NUMBER + [-1, 3], "top_p": NUMBER + [-0.1, 1.1], "top_k": WHOLE + [-1], "min_p": NUMBER + [2],
            "repeat_penalty": NUMBER + [0], "repetition_penalty": NUMBER + [0], "presence_penalty": NUMBER + [3],
            "frequency_penalty": NUMBER + [-3], "seed": WHOLE + [2**63], "stream": FLAG, "max_tokens": CAP, "max_completion_tokens": CAP,
            "max_output_tokens": CAP, "logit_bias": OBJECT + [{"a": 1}, {"-1": 1}, {"1": "x"}, {"1": 101}, {"99999": 1}],
            "reckon": OBJECT, "reckon.policy": TEXT, "reckon.task": TEXT + ["x"], "reckon.budget": OBJECT, "reckon.budget.tokens": CAP,
            "reckon.budget.samples": CAP, "reckon.budget.thinking_tokens": WHOLE + [-1], "reckon.budget.seconds": NUMBER + [0],
            "reckon.budget.ms": NUMBER + [0], "reckon.budget.flops": NUMBER + [0], "reckon.budget.nothing": [1], "reckon.stream": OBJECT,
            "reckon.stream.progress": FLAG, "reckon.stream.resume": FLAG, "reckon.deadline_ms": NUMBER + [0], "reckon.late": TEXT + ["x"]}
THINKING = {"reasoning_effort": TEXT + ["x"], "reasoning": OBJECT, "reasoning.effort": TEXT + ["x"], "reasoning.max_tokens": WHOLE + [-2],
            "reasoning.exclude": FLAG, "reasoning.summary": TEXT, "thinking_budget_tokens": WHOLE + [-2],
            "reasoning_budget_tokens": WHOLE + [-2], "thinking_token_budget": WHOLE + [-2], "custom_params": OBJECT,
            "custom_params.thinking_budget": WHOLE + [-2], "chat_template_kwargs": OBJECT, "chat_template_kwargs.enable_thinking": FLAG,
            "think": [1, [], {}, "x"], "thinking": OBJECT, "thinking.type": TEXT + ["x"], "thinking.budget_tokens": WHOLE + [-2]}
TOOL = {"name": TEXT + ["", "x" * 129], "description": TEXT, "strict": FLAG, "cache_control": OBJECT, "input_examples": LIST,
        "defer_loading": FLAG, "allowed_callers": LIST}
OPENAI_PART = {"": OBJECT, ".type": TEXT, ".text": TEXT, ".cache_control": OBJECT, ".annotations": LIST}
HINTS = {"service_tier": TEXT, "safety_identifier": TEXT, "prompt_cache_key": TEXT, "prompt_cache_retention": TEXT,
         "prompt_cache_options": OBJECT, "metadata": OBJECT, "user": TEXT, "parallel_tool_calls": FLAG, "top_logprobs": WHOLE + [-1, 21]}
CHOICES = {"n": WHOLE + [0, 1000], "stop": TEXTS + [["x"] * 17], "stream_options": OBJECT, "stream_options.include_usage": FLAG,
           "stream_options.include_obfuscation": FLAG}


def inside(path, fields):
    return {path + name: values for name, values in fields.items()}


# Of every surface: requests, and of each the fields by path with values that are wrong.
SURFACES = {
    "/v1/chat/completions": [
        (CHAT, SAMPLING | THINKING | HINTS | CHOICES | {
            "messages": LIST, "messages[0]": OBJECT, "messages[0].role": TEXT + ["x"], "messages[0].content": PARTS, "messages[0].name": TEXT,
            **inside("messages[0].content[0]", OPENAI_PART),
            "messages[1].content": PARTS, "messages[1].reasoning": TEXT, "messages[1].reasoning_content": TEXT, "messages[1].refusal": TEXT,
            "messages[1].annotations": LIST, "messages[1].tool_calls": LIST, "messages[1].tool_calls[0]": OBJECT,
            "messages[1].tool_calls[0].id": TEXT, "messages[1].tool_calls[0].type": TEXT, "messages[1].tool_calls[0].function": OBJECT,
            "messages[1].tool_calls[0].function.name": TEXT, "messages[1].tool_calls[0].function.arguments": TEXT + ["{", "5", ""],
            "messages[2].tool_call_id": TEXT, "messages[2].content": PARTS,
            "tools": LIST, "tools[0]": OBJECT, "tools[0].type": TEXT, "tools[0].function": OBJECT, "tools[0].function.parameters": OBJECT,
            **inside("tools[0].function.", TOOL), "tool_choice": CHOICE[:-1], "tool_choice.type": TEXT, "functions": LIST,
            "function_call": [5, "x"], "modalities": LIST, "logprobs": FLAG, "store": FLAG, "verbosity": TEXT, "cache_prompt": FLAG}),
        (FORM, {"response_format": OBJECT, "response_format.type": TEXT, "response_format.json_schema": OBJECT,
                "response_format.json_schema.name": TEXT, "response_format.json_schema.strict": FLAG,
                "response_format.json_schema.description": TEXT, "response_format.json_schema.schema": OBJECT,
                "response_format.schema": OBJECT}),
        (CHAT | {"tool_choice": {"type": "function", "function": {"name": "add"}}},
         {"tool_choice.function": OBJECT, "tool_choice.function.name": TEXT})],
    "/v1/completions": [
        (COMPLETION, SAMPLING | CHOICES | {"prompt": [5, True, {}, ["x", 5]], "suffix": TEXT, "echo": FLAG, "best_of": WHOLE + [0],
                                           "logprobs": WHOLE + [-1, 21], "user": TEXT, "cache_prompt": FLAG})],
    "/v1/responses": [
        (RESPONSE, SAMPLING | THINKING | HINTS | {
            "input": [5, True, {}, []], "input[0]": OBJECT, "input[0].type": TEXT, "input[0].role": TEXT + ["x"], "input[0].content": PARTS,
            "input[0].id": TEXT, "input[0].status": TEXT, **inside("input[0].content[0]", OPENAI_PART), "input[1].content": LIST,
            "input[1].content[0].text": TEXT, "input[1].summary": LIST, "input[1].encrypted_content": TEXT, "input[2].name": TEXT,
            "input[2].call_id": TEXT, "input[2].arguments": TEXT + ["{", "5"], "input[3].output": PARTS, "input[3].call_id": TEXT,
            "instructions": TEXT, "background": FLAG, "store": FLAG, "truncation": TEXT, "include": TEXTS, "metadata.a": [5, {}], "max_tool_calls": WHOLE + [-1],
            "context_management": LIST, "stream_options": OBJECT, "stream_options.include_obfuscation": FLAG,
            "tools": LIST, "tools[0]": OBJECT, "tools[0].type": TEXT, "tools[0].parameters": OBJECT, **inside("tools[0].", TOOL),
            "tool_choice": CHOICE[:-1], "tool_choice.type": TEXT}),
        (RESPONSE_FORM, {"text": OBJECT, "text.verbosity": TEXT, "text.format": OBJECT, "text.format.type": TEXT, "text.format.name": TEXT,
                         "text.format.strict": FLAG, "text.format.schema": OBJECT}),
        (RESPONSE | {"tool_choice": {"type": "function", "name": "add"}}, {"tool_choice.name": TEXT})],
    "/v1/messages": [
        (MESSAGE, SAMPLING | {
            "system": PARTS, "system[0]": OBJECT, "system[0].type": TEXT, "system[0].text": TEXT, "system[0].cache_control": OBJECT,
            "messages": LIST, "messages[0]": OBJECT, "messages[0].role": TEXT + ["x"], "messages[0].content": PARTS,
            "messages[0].content[0]": OBJECT, "messages[0].content[0].type": TEXT, "messages[0].content[0].text": TEXT,
            "messages[0].content[0].citations": LIST, "messages[1].content[0].thinking": TEXT, "messages[1].content[0].signature": TEXT,
            "messages[1].content[1].id": TEXT, "messages[1].content[1].name": TEXT, "messages[1].content[1].input": OBJECT,
            "messages[2].content[0].tool_use_id": TEXT, "messages[2].content[0].is_error": FLAG, "messages[2].content[0].content": PARTS,
            "messages[2].content[0].content[0].text": TEXT, "stop_sequences": TEXTS, "metadata": OBJECT, "service_tier": TEXT,
            "cache_control": OBJECT, "inference_geo": TEXT, "user_profile_id": TEXT, "thinking": OBJECT, "thinking.type": TEXT + ["x"],
            "tools": LIST, "tools[0]": OBJECT,
            "tools[0].type": TEXT, "tools[0].input_schema": OBJECT, **inside("tools[0].", TOOL), "tool_choice": OBJECT,
            "tool_choice.type": TEXT + ["x"]}),
        (MESSAGE | {"tool_choice": {"type": "tool", "name": "add"}},
         {"tool_choice.name": TEXT, "tool_choice.disable_parallel_tool_use": FLAG}),
        (MESSAGE | {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}}, {"thinking.budget_tokens": WHOLE + [-1, 1023, 2000]}),
        (MESSAGE | {"thinking": {"type": "disabled"}}, {"thinking.display": TEXT + ["x"]}),
        (MESSAGE_FORM, {"output_config": OBJECT, "output_config.effort": TEXT + ["x"], "output_config.format": OBJECT,
                        "output_config.format.type": TEXT, "output_config.format.schema": OBJECT})],
}


def put(body, path, value):
    """A copy of the body with this value at "a.b[0].c"; objects that are missing are made."""
    names = [int(name) if name.isdigit() else name for name in re.findall(r"[^.\[\]]+", path)]
    body = at = json.loads(json.dumps(body))
    for name in names[:-1]:
        at = at.setdefault(name, {}) if isinstance(at, dict) else at[name]
    at[names[-1]] = value
    return body


def objects(value, path=""):
    """Paths of all objects in a body but those whose names are the client's own."""
    if isinstance(value, dict) and path.rpartition(".")[2] not in ("schema", "parameters", "input_schema", "input"):
        yield path
        for name, inner in value.items():
            yield from objects(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from objects(inner, f"{path}[{i}]")


class TypesTest(ToolsServerTest):
    def told(self, surface, body):
        """The one sentence of a refusal, and its param where the surface has one."""
        response, data = self.request("POST", surface, body)
        self.assertEqual(response.status, 400, data)
        error = json.loads(data)["error"]
        self.assertNotIn("\n", error["message"])
        self.assertLess(len(error["message"]), 300)
        if surface == "/v1/messages":
            self.assertEqual((json.loads(data)["type"], error["type"]), ("error", "invalid_request_error"))
            return error["message"], None
        self.assertEqual(error["type"], "invalid_request_error")
        self.assertIn(error["code"], ("invalid_value", "missing_field", "unsupported"))
        return error["message"], error["param"]

    def test_a_wrong_type_is_refused_by_its_path(self):
        for surface, requests in SURFACES.items():
            for body, fields in requests:
                for path, values in fields.items():
                    for value in values:
                        with self.subTest(surface=surface, path=path, value=value):
                            message, param = self.told(surface, put(body, path, value))
                            self.assertIn(path, message)
                            if param is not None:
                                self.assertEqual(param, path)


    def test_a_field_that_nobody_knows_is_told_by_its_path(self):
        for surface, requests in SURFACES.items():
            for body, _ in requests:
                body = body | {"reckon": {"stream": {}}, "seed": 1}
                if surface == "/v1/chat/completions":
                    body = body | {"stream_options": {}}
                status, told = self.post(surface, body)
                with self.subTest(surface=surface, body=body):
                    self.assertEqual(status, 200, told)
                    self.assertEqual([w for w in told.get("warnings", []) if "unknown" in w], [])
                for path in objects(body):
                    field = f"{path}.nobody_knows" if path else "nobody_knows"
                    with self.subTest(surface=surface, field=field):
                        status, told = self.post(surface, put(body, field, 1))
                        self.assertEqual(status, 200, told)
                        self.assertIn("unknown field " + re.sub(r"\d", "", field), told["warnings"])


    def test_text_that_cannot_be_quoted_is_refused_in_text_that_can(self):
        """Headers and targets may hold any byte; a body any character."""
        chat = json.dumps(COMPLETION)
        for path, body, headers in (("/v1/completions", chat, {"X-Reckon-Policy": b"\xff\xfe"}),
                                    ("/v1/completions", chat, {"X-Reckon-Budget": b"\xff=1"}),
                                    ("/v1/completions", json.dumps(put(COMPLETION, "reckon.policy", "a\0b")), {}),
                                    ("/v1/completions", json.dumps(COMPLETION | {"model": "a\0b"}), {}),
                                    ("/v1/completions", json.dumps(COMPLETION | {"stop": "a\0b"}), {}),
                                    ("/v1/messages", json.dumps(MESSAGE), {"X-Reckon-Policy": b"\xff\xfe"}),
                                    ("/props?model=%ff%00%0a", None, {}), ("/v1/models/%ff", None, {}), ("/%ff%00", None, {})):
            response, data = self.request("POST" if body else "GET", path, body and body.encode(), headers)
            with self.subTest(path=path, headers=headers):
                self.assertIn(response.status, (400, 404), data)
                message = json.loads(data.decode())["error"]["message"]
                self.assertTrue(message.isprintable() or "\ufffd" in message, message)
                self.assertEqual(message.count("'") % 2, 0, message)  # what is quoted is quoted to its end


class WordsTest(ToolsServerTest):
    def test_tokens(self):
        for tokens in ([1.5], [-1], [2**64], ["a"], [99999]):
            response, data = self.request("POST", "/detokenize", {"tokens": tokens})
            self.assertEqual((response.status, json.loads(data)["error"]["param"]), (400, "tokens[0]"))
        for path, body, param in (("/detokenize", {"tokens": "x"}, "tokens"), ("/tokenize", {"content": 5}, "content"),
                                  ("/tokenize", {"content": "x", "add_special": 1}, "add_special"),
                                  ("/tokenize", {"content": "x", "with_pieces": "x"}, "with_pieces")):
            response, data = self.request("POST", path, body)
            self.assertEqual((response.status, json.loads(data)["error"]["param"]), (400, param))


class PrecedenceTest(ThinkingServerTest):
    ASKED = {"/v1/chat/completions": {"model": "default", "messages": [USER], "seed": 1},
             "/v1/completions": {"model": "default", "prompt": "Once", "seed": 1},
             "/v1/responses": {"model": "default", "input": "Once", "seed": 1},
             "/v1/messages": {"model": "default", "messages": [USER], "seed": 1, "max_tokens": 60}}

    def ask(self, surface, fields, **headers):
        body = self.ASKED[surface]
        for path, value in fields.items():
            body = put(body, path, value)
        status, told = self.post(surface, body, **headers)
        self.assertEqual(status, 200, told)
        return told

    def drawn(self, told):
        return told["reckon"]["usage"]["selected"] + told["reckon"]["usage"]["discarded"]

    def test_of_the_limits_of_an_answer_the_smallest_holds_under_each_name(self):
        names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
        for surface in self.ASKED:
            for smallest in names:
                told = self.ask(surface, {name: 5 if name == smallest else 20 for name in names})
                with self.subTest(surface=surface, smallest=smallest):
                    self.assertEqual(self.drawn(told), 5)
                    self.assertIn("max_tokens is given by more than one of its names: the smallest holds", told["warnings"])
            told = self.ask(surface, {"max_tokens": 20, "reckon.budget.tokens": 60}, **{"X-Reckon-Budget": "tokens=4000"})
            self.assertLessEqual(told["reckon"]["usage"]["computed"], 60)
            self.assertEqual(told["reckon"]["receipt"]["budget"]["tokens"], 60)
            told = self.ask(surface, {"max_tokens": 20, "reckon.budget.tokens": 4000}, **{"X-Reckon-Budget": "tokens=60"})
            self.assertEqual(told["reckon"]["receipt"]["budget"]["tokens"], 60)
            self.assertFalse([w for w in told.get("warnings", []) if "max_tokens" in w])

    def test_the_body_comes_before_the_header_and_that_before_the_name(self):
        for surface in self.ASKED:
            header, body = {"X-Reckon-Policy": "sc3"}, {"reckon.policy": "greedy"}
            named = {"max_tokens": 2, "model": "default@sc2"}
            self.assertIn("samples=2", self.ask(surface, named)["reckon"]["policy"])
            self.assertIn("samples=3", self.ask(surface, named, **header)["reckon"]["policy"])
            self.assertEqual(self.ask(surface, named | body, **header)["reckon"]["policy"], "single:greedy=true")

    def thought(self, surface, told):
        if surface == "/v1/chat/completions":
            return told["usage"]["completion_tokens_details"]["reasoning_tokens"]
        if surface == "/v1/responses":
            return told["usage"]["output_tokens_details"]["reasoning_tokens"]
        return None

    def test_of_the_limits_of_thinking_the_smallest_holds_under_each_name(self):
        tokens = ("reckon.budget.thinking_tokens", "thinking_budget_tokens", "reasoning_budget_tokens", "thinking_token_budget",
                  "reasoning.max_tokens", "custom_params.thinking_budget", "thinking.budget_tokens")
        # Of 40 tokens the answer keeps 10: "low" is 6 of the other 30.
        words = {"reasoning_effort": "low", "reasoning.effort": "low", "think": "low"}
        switches = {"think": False, "chat_template_kwargs.enable_thinking": False, "thinking.type": "disabled", "reasoning_effort": "none"}
        for surface in ("/v1/chat/completions", "/v1/responses"):
            for smallest in tokens:
                told = self.ask(surface, {"max_tokens": 40} | {name: 4 if name == smallest else 9 for name in tokens})
                with self.subTest(surface=surface, smallest=smallest):
                    self.assertEqual(self.thought(surface, told), 4, told)
                    self.assertTrue([w for w in told["warnings"] if w.endswith("one of several limits of thinking: the smallest holds")], told)
            for name, word in words.items():
                with self.subTest(surface=surface, word=name):
                    self.assertEqual(self.thought(surface, self.ask(surface, {"max_tokens": 40, name: word, tokens[1]: 9})), 6)
                    self.assertEqual(self.thought(surface, self.ask(surface, {"max_tokens": 40, name: word, tokens[1]: 5})), 5)
            for name, value in switches.items():
                with self.subTest(surface=surface, switch=name):
                    self.assertEqual(self.thought(surface, self.ask(surface, {"max_tokens": 40, name: value, tokens[1]: 9})), 0)
            told = self.ask(surface, {"max_tokens": 40, "model": "default@think3", tokens[1]: 9, tokens[2]: -1, "think": True})
            self.assertEqual(self.thought(surface, told), 3)
            told = self.ask(surface, {"max_tokens": 40, "thinking_budget_tokens": 4})
            self.assertNotIn("warnings", told)

    def test_messages_have_fewer_names_and_the_smallest_holds_as_well(self):
        enabled = {"max_tokens": 1100, "thinking.type": "enabled", "thinking.budget_tokens": 1024}
        for other in ({"reckon.budget.thinking_tokens": 6}, {"model": "default@think6"}):
            told = self.ask("/v1/messages", enabled | other)
            self.assertEqual([block["type"] for block in told["content"]], ["thinking", "text"], told)
            self.assertTrue([w for w in told["warnings"] if w.endswith("one of several limits of thinking: the smallest holds")], told)
            alone = self.ask("/v1/messages", {"max_tokens": 1100} | other)
            self.assertEqual(told["content"], alone["content"])
        told = self.ask("/v1/messages", {"max_tokens": 40, "output_config.effort": "none", "reckon.budget.thinking_tokens": 6})
        self.assertEqual([block["type"] for block in told["content"]], ["text"], told)



if __name__ == "__main__":
    unittest.main()
