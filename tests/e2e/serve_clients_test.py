"""Unmodified client libraries against a real server. tools/e2e-clients installs them and runs this."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import unittest

from command import HANGS, STORIES
from server import SCHEMA, ServerTest, ThinkingServerTest, ToolsServerTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
CLIENTS = os.environ.get("CLIENTS", "")  # the folder that tools/e2e-clients installs into


def needs(*modules):
    missing = [m for m in modules if not importlib.util.find_spec(m)]
    return unittest.skipIf(missing, f"{', '.join(missing)}: not installed; run tools/e2e-clients")


if importlib.util.find_spec("openai"):
    import openai
if importlib.util.find_spec("anthropic"):
    import anthropic


@needs("openai")
class OpenAiTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.client = openai.OpenAI(base_url=self.url + "/v1", api_key="none", max_retries=0)

    def test_chat(self):
        done = self.client.chat.completions.create(model=STORIES, messages=PROMPT, max_tokens=12, seed=1)
        self.assertEqual(done.usage.completion_tokens, 12)
        self.assertEqual(done.choices[0].finish_reason, "length")
        self.assertEqual(done.model_extra["reckon"]["usage"]["selected"], 12)

    def test_stream_with_usage(self):
        stream = self.client.chat.completions.create(model=STORIES, messages=PROMPT, max_tokens=12, seed=1, stream=True,
                                                     stream_options={"include_usage": True})
        chunks = list(stream)
        self.assertEqual(chunks[-1].usage.completion_tokens, 12)
        whole = self.client.chat.completions.create(model=STORIES, messages=PROMPT, max_tokens=12, seed=1)
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks if c.choices),
                         whole.choices[0].message.content)

    def test_a_streamed_vote_with_progress(self):
        stream = self.client.chat.completions.create(
            model=STORIES + "@sc4", messages=PROMPT, max_tokens=12, stream=True,
            extra_body={"reckon": {"stream": {"progress": True}}})
        chunks = list(stream)
        self.assertTrue("".join(c.choices[0].delta.content or "" for c in chunks if c.choices))
        self.assertTrue(any(not c.choices and "progress" in c.model_extra["reckon"] for c in chunks))

    def test_completions_and_models(self):
        done = self.client.completions.create(model=STORIES, prompt="Once upon", max_tokens=5)
        self.assertEqual(done.usage.completion_tokens, 5)
        self.assertIn(STORIES, [m.id for m in self.client.models.list()])
        self.assertEqual(self.client.models.retrieve(STORIES + "@sc4").id, STORIES + "@sc4")

    def test_json_schema_and_logprobs(self):
        schema = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 99}}, "required": ["age"],
                  "additionalProperties": False}
        done = self.client.chat.completions.create(
            model=STORIES, messages=PROMPT, max_tokens=60, logprobs=True, top_logprobs=2,
            response_format={"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}})
        self.assertEqual(done.choices[0].finish_reason, "stop")
        self.assertEqual(list(json.loads(done.choices[0].message.content)), ["age"])
        tokens = done.choices[0].logprobs.content
        self.assertEqual(b"".join(bytes(t.bytes) for t in tokens).decode(), done.choices[0].message.content)

    def test_errors_are_the_clients_own(self):
        with self.assertRaises(openai.NotFoundError):
            self.client.chat.completions.create(model="gpt-4o", messages=PROMPT)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=STORIES, messages=PROMPT, tools=[
                {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}])
        self.assertEqual(caught.exception.code, "unsupported")

    def test_responses(self):
        done = self.client.responses.create(model=STORIES, input="Once upon a time", max_output_tokens=12, instructions="Tell a story.",
                                            reasoning={"effort": "low"}, metadata={"a": "b"})
        self.assertEqual((done.status, done.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual(done.usage.output_tokens, 12)
        self.assertTrue(done.output_text)
        self.assertEqual(done.metadata, {"a": "b"})
        # What it said can be given back as it is.
        again = self.client.responses.create(model=STORIES, max_output_tokens=4,
                                             input=[{"role": "user", "content": "Once"}, *done.output, {"role": "user", "content": "On"}])
        self.assertEqual(again.usage.output_tokens, 4)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.responses.create(model=STORIES, input="x", previous_response_id=done.id)
        self.assertEqual((caught.exception.code, caught.exception.param), ("unsupported", "previous_response_id"))

    def test_responses_stream(self):
        for model in (STORIES, STORIES + "@sc4"):
            with self.client.responses.stream(model=model, input="Once upon a time", max_output_tokens=12) as stream:
                events = list(stream)
            self.assertEqual(events[-1].type, "response.incomplete")  # the text was cut
            final = events[-1].response
            self.assertEqual(events[0].type, "response.created")
            self.assertEqual("".join(e.delta for e in events if e.type == "response.output_text.delta"), final.output_text)
            self.assertTrue(final.output_text)
            self.assertEqual([e.sequence_number for e in events], list(range(len(events))))

    def test_a_background_response_is_read_on_after_a_drop(self):
        stream = self.client.responses.create(model=STORIES, input="Once upon a time", max_output_tokens=200, background=True, stream=True)
        seen, identity = [], None
        for event in stream:
            seen.append(event)
            identity = identity or event.response.id
            if event.sequence_number == 9:
                break
        stream.close()
        rest = list(self.client.responses.retrieve(identity, stream=True, starting_after=9))
        text = "".join(e.delta for e in seen + rest if e.type == "response.output_text.delta")
        self.assertEqual(rest[0].sequence_number, 10)
        self.assertEqual(self.client.responses.retrieve(identity).output_text, text)

    def test_closing_a_stream_stops_its_branches(self):
        stream = self.client.chat.completions.create(model=STORIES + "@sc64", messages=PROMPT, max_tokens=450, stream=True)
        next(iter(stream))
        stream.close()
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)


@needs("openai")
class OpenAiToolsTest(ToolsServerTest):
    def setUp(self):
        super().setUp()
        self.client = openai.OpenAI(base_url=self.url + "/v1", api_key="none", max_retries=0)

    def test_chat_calls_in_a_stream_of_two_choices(self):
        tools = [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "strict": True}}]
        with self.client.chat.completions.stream(model="default", messages=PROMPT, tools=tools, tool_choice="required", n=2, max_tokens=200,
                                                 parallel_tool_calls=False, extra_body=self.steered) as stream:
            final = stream.get_final_completion()
        self.assertEqual([c.message.tool_calls[0].function.name for c in final.choices], ["add", "add"])
        self.assertEqual(set(final.choices[1].message.tool_calls[0].function.parsed_arguments), {"a", "b"})

    def test_responses_calls_and_their_outputs(self):
        request = {"model": "default", "max_output_tokens": 200, "tool_choice": "required", "parallel_tool_calls": False,
                   "tools": [{"type": "function", "name": "add", "parameters": SCHEMA, "strict": True}]}
        done = self.client.responses.create(input="Once", **request, extra_body=self.steered)
        call = done.output[-1]
        self.assertEqual((call.type, call.name, set(json.loads(call.arguments))), ("function_call", "add", {"a", "b"}))
        with self.client.responses.stream(input="Once", **request, extra_body=self.steered) as stream:
            events = list(stream)
            final = stream.get_final_response()
        self.assertEqual("".join(e.delta for e in events if e.type == "response.function_call_arguments.delta"), call.arguments)
        self.assertEqual(final.output[-1].arguments, call.arguments)
        self.assertEqual(set(final.output[-1].parsed_arguments), {"a", "b"})
        history = [{"role": "user", "content": "Once"}, *done.output,
                   {"type": "function_call_output", "call_id": call.call_id, "output": "four"}]
        after = self.client.responses.create(input=history, **request | {"tool_choice": "auto", "max_output_tokens": 6})
        self.assertGreater(after.usage.input_tokens, done.usage.input_tokens)

    def test_responses_hold_to_a_schema(self):
        form = {"format": {"type": "json_schema", "name": "pair", "schema": SCHEMA, "strict": True}}
        done = self.client.responses.create(model="default", input="Once", text=form, max_output_tokens=200, extra_body=self.steered)
        self.assertEqual(set(json.loads(done.output_text)), {"a", "b"})


@needs("anthropic")
class AnthropicToolsTest(ToolsServerTest):
    def setUp(self):
        super().setUp()
        self.client = anthropic.Anthropic(base_url=self.url, api_key="none", max_retries=0)
        self.request_ = {"model": "default", "max_tokens": 200, "tools": [{"name": "add", "input_schema": SCHEMA}],
                         "tool_choice": {"type": "tool", "name": "add", "disable_parallel_tool_use": True}}

    def test_calls_and_their_results(self):
        for model in ("default", "default@sc4"):
            done = self.client.messages.create(**self.request_ | {"model": model}, messages=PROMPT, extra_body=self.steered)
            self.assertEqual(done.stop_reason, "tool_use")
            call = done.content[-1]
            self.assertEqual((call.name, set(call.input)), ("add", {"a", "b"}))
        history = PROMPT + [{"role": "assistant", "content": done.content},
                            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "four"}]}]
        after = self.client.messages.create(**self.request_ | {"tool_choice": {"type": "auto"}, "max_tokens": 6}, messages=history)
        self.assertGreater(after.usage.input_tokens, done.usage.input_tokens)

    def test_a_streamed_call(self):
        with self.client.messages.stream(**self.request_, messages=PROMPT, extra_body=self.steered) as stream:
            pieces = "".join(event.partial_json for event in stream if event.type == "input_json")
            final = stream.get_final_message()
        self.assertEqual(final.stop_reason, "tool_use")
        self.assertEqual(json.loads(pieces), final.content[-1].input)
        self.assertEqual(set(final.content[-1].input), {"a", "b"})


@needs("anthropic")
class AnthropicThinkingTest(ThinkingServerTest):
    def test_thinking_and_its_history(self):
        client = anthropic.Anthropic(base_url=self.url, api_key="none", max_retries=0)
        request = {"model": "default@think6", "messages": PROMPT, "max_tokens": 1100,
                   "thinking": {"type": "enabled", "budget_tokens": 1024}, "stop_sequences": ["e"]}
        done = client.messages.create(**request)
        self.assertEqual([block.type for block in done.content], ["thinking", "text"])
        self.assertEqual((done.stop_reason, done.stop_sequence), ("stop_sequence", "e"))
        with client.messages.stream(**request) as stream:
            final = stream.get_final_message()
        self.assertEqual([block.type for block in final.content], ["thinking", "text"])
        history = PROMPT + [{"role": "assistant", "content": final.content}, {"role": "user", "content": "On"}]
        after = client.messages.create(**request | {"messages": history})
        self.assertGreater(after.usage.input_tokens, done.usage.input_tokens)


@needs("anthropic")
class AnthropicTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.client = anthropic.Anthropic(base_url=self.url, api_key="none", max_retries=0)

    def test_messages(self):
        done = self.client.messages.create(model=STORIES, messages=PROMPT, max_tokens=12, system="Tell a story.")
        self.assertEqual(done.usage.output_tokens, 12)
        self.assertEqual(done.stop_reason, "max_tokens")
        self.assertTrue(done.content[0].text)
        count = self.client.messages.count_tokens(model=STORIES, messages=PROMPT, system="Tell a story.")
        self.assertEqual(count.input_tokens, done.usage.input_tokens)

    def test_stream(self):
        with self.client.messages.stream(model=STORIES + "@sc4", messages=PROMPT, max_tokens=12) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
        self.assertEqual(final.content[0].text, text)
        self.assertTrue(text)

    def test_json_of_a_schema(self):
        form = {"format": {"type": "json_schema", "schema": SCHEMA}}
        done = self.client.messages.create(model=STORIES, messages=PROMPT, max_tokens=60, extra_body={"output_config": form})
        self.assertEqual(set(json.loads(done.content[0].text)), {"a", "b"})

    def test_closing_a_stream_stops_its_branches(self):
        with self.client.messages.stream(model=STORIES, messages=PROMPT, max_tokens=450) as stream:
            next(iter(stream.text_stream))
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)

    def test_models(self):
        models = list(self.client.models.list())
        self.assertIn(STORIES, [model.id for model in models])
        self.assertEqual(self.client.models.retrieve(STORIES + "@sc4").display_name, STORIES + "@sc4")

    def test_errors_are_the_clients_own(self):
        with self.assertRaises(anthropic.NotFoundError) as caught:
            self.client.messages.create(model="claude", messages=PROMPT, max_tokens=5)
        self.assertTrue(caught.exception.request_id)
        with self.assertRaises(anthropic.BadRequestError):
            self.client.messages.create(model=STORIES, messages=PROMPT, max_tokens=5,
                                        tools=[{"name": "f", "input_schema": {"type": "object"}}])


@needs("langchain_openai")
class LangChainTest(ServerTest):
    def langchain(self, **options):
        from langchain_openai import ChatOpenAI
        return ChatOpenAI(base_url=self.url + "/v1", api_key="none", model=STORIES, max_tokens=12, max_retries=0, **options)

    def test_chat_and_stream(self):
        for responses in (False, True):
            model = self.langchain(use_responses_api=responses)
            done = model.invoke("Once upon a time")
            self.assertTrue(done.text)
            self.assertEqual(done.usage_metadata["output_tokens"], 12)
            pieces = list(model.stream("Once upon a time"))
            self.assertTrue("".join(piece.text for piece in pieces))
            self.assertGreater(len(pieces), 3)

    def test_messages_and_errors(self):
        done = self.langchain().invoke([("system", "Tell a story."), ("human", "Once"), ("ai", "upon"), ("human", "a time")])
        self.assertTrue(done.text)
        with self.assertRaises(openai.NotFoundError):
            self.langchain().bind(model="gpt-9").invoke("Once")

    def test_closing_a_stream_stops_its_branches(self):
        stream = self.langchain().bind(model=STORIES + "@sc64", max_tokens=450).stream("Once upon a time")
        next(stream)
        stream.close()
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)


@needs("langchain_openai")
class LangChainToolsTest(ToolsServerTest):
    def test_tools_and_structured_output(self):
        from langchain_core.messages import HumanMessage, ToolMessage
        from langchain_openai import ChatOpenAI
        add = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}
        for responses in (False, True):
            model = ChatOpenAI(base_url=self.url + "/v1", api_key="none", model="default", max_tokens=200, max_retries=0,
                               use_responses_api=responses, extra_body=self.steered)
            bound = model.bind_tools([add], tool_choice="required", parallel_tool_calls=False)
            said = bound.invoke("Once")
            self.assertEqual([(c["name"], set(c["args"])) for c in said.tool_calls], [("add", {"a", "b"})])
            pieces = list(bound.stream("Once"))
            whole = sum(pieces[1:], pieces[0])
            self.assertEqual(whole.tool_calls[0]["args"], said.tool_calls[0]["args"])
            after = model.bind(max_tokens=6).invoke([HumanMessage("Once"), said, ToolMessage("four", tool_call_id=said.tool_calls[0]["id"])])
            self.assertGreater(after.usage_metadata["input_tokens"], 0)
            formed = model.with_structured_output({"title": "pair", "description": "A pair.", **SCHEMA}, method="json_schema").invoke("Once")
            self.assertEqual(set(formed), {"a", "b"})


@needs("litellm")
class LiteLlmToolsTest(ToolsServerTest):
    def test_tools_on_both_surfaces(self):
        import litellm
        litellm.suppress_debug_info = True
        add = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}
        request = {"api_key": "none", "messages": PROMPT, "max_tokens": 200, "num_retries": 0, "tools": [add], "tool_choice": "required",
                   "parallel_tool_calls": False, "extra_body": self.steered}
        done = litellm.completion(model="openai/default", api_base=self.url + "/v1", **request)
        self.assertEqual(done.choices[0].finish_reason, "tool_calls", done)
        call = done.choices[0].message.tool_calls[0].function
        self.assertEqual((call.name, set(json.loads(call.arguments))), ("add", {"a", "b"}))
        # To Anthropic's surface it does not pass extra_body on, so nothing steers this model: its calls are cut.
        other = litellm.completion(model="anthropic/default", api_base=self.url, **request)
        self.assertGreater(other.usage.prompt_tokens, 150)


@needs("litellm")
class LiteLlmTest(ServerTest):
    def complete(self, **fields):
        import litellm
        litellm.suppress_debug_info = True
        return litellm.completion(**({"model": "openai/" + STORIES, "api_base": self.url + "/v1", "api_key": "none", "messages": PROMPT,
                                      "max_tokens": 12, "num_retries": 0} | fields))

    def test_chat_and_stream(self):
        done = self.complete()
        self.assertEqual(done.usage.completion_tokens, 12)
        self.assertEqual(done.choices[0].finish_reason, "length")
        pieces = list(self.complete(stream=True, seed=1))
        self.assertEqual("".join(p.choices[0].delta.content or "" for p in pieces), self.complete(seed=1).choices[0].message.content)

    def test_json_of_a_schema(self):
        form = {"type": "json_schema", "json_schema": {"name": "pair", "schema": SCHEMA}}
        done = self.complete(max_tokens=60, response_format=form)
        self.assertEqual(set(json.loads(done.choices[0].message.content)), {"a", "b"})

    def test_responses(self):
        import litellm
        done = litellm.responses(model="openai/" + STORIES, api_base=self.url + "/v1", api_key="none", input="Once", max_output_tokens=16)
        self.assertEqual(done.usage.output_tokens, 16)  # LiteLLM raises smaller limits to 16

    def test_anthropics_surface(self):
        done = self.complete(model="anthropic/" + STORIES, api_base=self.url)
        self.assertEqual(done.usage.completion_tokens, 12)
        self.assertTrue(done.choices[0].message.content)

    def test_errors_are_the_clients_own(self):
        import litellm
        with self.assertRaises(litellm.NotFoundError):
            self.complete(model="openai/gpt-9")


@unittest.skipUnless(shutil.which("llm", path=os.path.dirname(sys.executable)), "llm: not installed; run tools/e2e-clients")
class LlmTest(ServerTest):
    def llm(self, *arguments):
        folder = self.folder / "llm"
        folder.mkdir(exist_ok=True)
        models = [{"model_id": name, "model_name": STORIES, "api_base": self.url + "/v1", "api_key_name": "none", "supports_schema": "schema" in name}
                  for name in ("stories", "schema-stories")]
        (folder / "extra-openai-models.yaml").write_text(json.dumps(models))  # JSON is YAML
        command = [shutil.which("llm", path=os.path.dirname(sys.executable)), *arguments]
        return subprocess.run(command, env=self.environment | {"LLM_USER_PATH": str(folder)}, capture_output=True, text=True, timeout=HANGS,
                              stdin=subprocess.DEVNULL)

    def test_the_command_line(self):
        for stream in ([], ["--no-stream"]):
            done = self.llm("prompt", "-m", "stories", "-o", "max_tokens", "12", "-o", "seed", "1", "--key", "none", *stream, "Once upon a time")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.strip())
        formed = self.llm("prompt", "-m", "schema-stories", "-o", "max_tokens", "60", "--key", "none", "--schema", json.dumps(SCHEMA), "Once")
        self.assertEqual(set(json.loads(formed.stdout)), {"a", "b"}, formed.stderr)
        wrong = self.llm("prompt", "-m", "stories", "-o", "max_tokens", "4", "--key", "none", "word " * 3000)
        self.assertIn("context", wrong.stderr)


needs_node = unittest.skipUnless(CLIENTS and shutil.which("node") and os.path.isdir(CLIENTS + "/node/node_modules/openai"),
                                 "openai for node: not installed; run tools/e2e-clients")


def node(test, program, *arguments):
    """What a program for node says, as JSON."""
    script = test.write("client.mjs", (b"import OpenAI from '%s/node/node_modules/openai/index.mjs';\n" % CLIENTS.encode()) + program)
    done = subprocess.run(["node", script, test.url + "/v1", *arguments], capture_output=True, text=True, timeout=HANGS)
    test.assertEqual(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


@needs_node
class NodeTest(ServerTest):
    def test_openai_node(self):
        said = node(self, NODE, STORIES)
        self.assertEqual(said["tokens"], 12)
        self.assertEqual(said["streamed"], said["text"])
        self.assertEqual(said["error"], [404, "model_not_found"])
        self.assertTrue(said["response"])
        self.assertEqual(said["responseStreamed"], said["responseFinal"])
        self.assertEqual(set(json.loads(said["formed"])), {"a", "b"})
        self.assertEqual(said["toolsError"], [400, "unsupported"])  # this model has no place for them
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)


@needs_node
class NodeToolsTest(ToolsServerTest):
    def test_calls_whole_and_streamed(self):
        said = node(self, NODE_TOOLS, json.dumps(SCHEMA), json.dumps(self.steered))
        self.assertEqual((said["name"], set(json.loads(said["arguments"]))), ("add", {"a", "b"}))
        self.assertEqual(said["streamed"], said["arguments"])
        self.assertGreater(said["after"], 0)


NODE_TOOLS = b"""
const [url, schema, steered] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
const messages = [{ role: 'user', content: 'Once upon a time' }];
const tools = [{ type: 'function', function: { name: 'add', parameters: JSON.parse(schema) } }];
const chat = { model: 'default', messages, tools, tool_choice: 'required', parallel_tool_calls: false, max_tokens: 200, ...JSON.parse(steered) };
const message = (await client.chat.completions.create(chat)).choices[0].message;
const call = message.tool_calls[0];
const stream = client.chat.completions.stream(chat);
const streamed = (await stream.finalChatCompletion()).choices[0].message.tool_calls[0].function.arguments;
const result = { role: 'tool', tool_call_id: call.id, content: 'four' };
const after = await client.chat.completions.create({ ...chat, messages: [...messages, message, result], tool_choice: 'auto', max_tokens: 6 });
console.log(JSON.stringify({ name: call.function.name, arguments: call.function.arguments, streamed, after: after.usage.prompt_tokens }));
"""


NODE = b"""
const [url, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url, apiKey: 'none', maxRetries: 0 });
const chat = { model, messages: [{ role: 'user', content: 'Once upon a time' }], max_tokens: 12, seed: 1 };
const done = await client.chat.completions.create(chat);
let streamed = '';
for await (const chunk of await client.chat.completions.create({ ...chat, stream: true }))
  streamed += chunk.choices[0]?.delta?.content ?? '';
let error = null;
try { await client.chat.completions.create({ ...chat, model: 'gpt-9' }); } catch (e) { error = [e.status, e.code]; }
const long = await client.chat.completions.create({ ...chat, model: model + '@sc64', max_tokens: 450, stream: true });
for await (const chunk of long) { long.controller.abort(); break; }
const input = { model, input: 'Once upon a time', max_output_tokens: 12 };
const response = await client.responses.create(input);
let responseStreamed = '';
const stream = client.responses.stream(input);
for await (const event of stream) if (event.type === 'response.output_text.delta') responseStreamed += event.delta;
const responseFinal = (await stream.finalResponse()).output_text;
const schema = { type: 'object', properties: { a: { type: 'integer', minimum: 0, maximum: 9 }, b: { enum: ['x', 'y'] } },
                 required: ['a', 'b'], additionalProperties: false };
const format = { type: 'json_schema', json_schema: { name: 'pair', schema } };
const formed = (await client.chat.completions.create({ ...chat, max_tokens: 60, response_format: format })).choices[0].message.content;
let toolsError = null;
const tools = [{ type: 'function', function: { name: 'add', parameters: schema } }];
try { await client.chat.completions.create({ ...chat, tools }); } catch (e) { toolsError = [e.status, e.code]; }
console.log(JSON.stringify({ tokens: done.usage.completion_tokens, text: done.choices[0].message.content, streamed, error,
                             response: response.output_text, responseStreamed, responseFinal, formed, toolsError }));
"""


if __name__ == "__main__":
    unittest.main()
