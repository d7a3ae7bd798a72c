"""A real `reckon serve` on the tiny model, for tests."""
import contextlib
import http.client
import json
import signal
import pathlib
import socket
import struct

from command import HANGS, STORIES, CommandTest


TOOLS_TEMPLATE = """{%- if tools %}Tools:{% for tool in tools %} {{ tool | tojson }}{% endfor %}
{% endif %}{%- for m in messages %}{%- if m.role == 'assistant' %}A: {{ m.content or '' }}
{%- for call in m.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}</s>
{%- elif m.role == 'tool' %}T: <tool_response>{{ m.content }}</tool_response></s>
{%- else %}U: {{ m.content }}</s>
{%- endif %}{% endfor %}{%- if add_generation_prompt %}A: {% endif %}"""

THINKING_TEMPLATE = """{%- for m in messages %}{%- if m.role == 'assistant' %}A: {% if m.reasoning_content %}<think>
{{ m.reasoning_content }}
</think>

{% endif %}{{ m.content }}</s>
{%- else %}U: {{ m.content }}</s>
{%- endif %}{% endfor %}{%- if add_generation_prompt %}A: <think>
{% endif %}"""


def with_template(file, text):
    """A GGUF file with a chat template at its front; a comment pads it, so that tensors stay aligned."""
    key = b"tokenizer.chat_template"
    fixed = 8 + len(key) + 4 + 8 + 4
    text = ("{#" + " " * (-(fixed + len(text)) % 32) + "#}" + text).encode()
    count = struct.unpack_from("<Q", file, 16)[0]
    entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(text)) + text
    return file[:16] + struct.pack("<Q", count + 1) + entry + file[24:]


class ServerTest(CommandTest):
    options = ()
    context = 512  # tokens of the server's model

    def setUp(self):
        super().setUp()
        self.log = self.folder / "access.log"
        self.process = self.start("serve", "--listen", "127.0.0.1:0", "--model", self.model(), "--context", self.context, "--threads", 1,
                                  "--log", self.log, *self.options)
        self.addCleanup(self.end)
        first = self.process.stderr.readline().decode()
        self.assertRegex(first, "listening on https?://")
        self.host, self.port = "127.0.0.1", int(first.rsplit(":", 1)[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.assertEqual(self.process.stderr.readline(), b"reckon: ready\n")

    def model(self):
        return STORIES

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=HANGS)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()

    def chat(self, **fields):
        body = {"model": STORIES, "messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 16, "seed": 1}
        response, data = self.request("POST", "/v1/chat/completions", body | fields)
        return response.status, json.loads(data)

    def metric(self, name):
        _, data = self.request("GET", "/metrics")
        for line in data.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        raise KeyError(name)

    def events(self, data):
        """(id, name, data) of each server-sent event; data read as JSON where it is."""
        found = []
        for block in data.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
            if "data" in fields:
                text = fields["data"]
                found.append((fields.get("id"), fields.get("event"), json.loads(text) if text.startswith("{") else text))
        return found

    def post(self, path, body, **headers):
        response, data = self.request("POST", path, body, headers)
        return response.status, json.loads(data)

    def stream(self, path, body, **headers):
        response, data = self.request("POST", path, body | {"stream": True}, headers)
        self.assertEqual(response.status, 200, data)
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream; charset=utf-8")
        return self.events(data)

    def open_stream(self, path, body, **headers):
        """A connection whose response has begun; the caller reads and closes."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=HANGS)
        connection.request("POST", path, json.dumps(body | {"stream": True}), headers)
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        return connection, response

    def raw(self, data):
        """Everything the server says to these bytes until it closes."""
        with socket.create_connection((self.host, self.port), timeout=HANGS) as connection:
            connection.sendall(data)
            said = b""
            while piece := connection.recv(65536):
                said += piece
            return said

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=HANGS)
        return self.process.returncode, said.decode()


class ConfiguredTest(ServerTest):
    """A server with a configuration file, where there is something to configure."""

    config = ""

    @property
    def options(self):
        return ("--config", self.write("serve.toml", self.config.encode())) if self.config else ()


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 9}, "b": {"enum": ["x", "y"]}}, "required": ["a", "b"],
          "additionalProperties": False}


class TemplateTest(ServerTest):
    template = ""

    def model(self):
        return str(self.write("model.gguf", with_template(pathlib.Path(STORIES).read_bytes(), self.template)))


class ThinkingServerTest(TemplateTest):
    """The tiny model with a template that opens a thinking block, which this model never closes: the limit does."""

    template = THINKING_TEMPLATE


class ToolsServerTest(TemplateTest):
    """The tiny model with a template that has a place for tools. It knows nothing of them, so calls are required."""

    template = TOOLS_TEMPLATE

    def setUp(self):
        super().setUp()
        # The template's grammar allows white space and further calls without end, and this model writes nothing else: the
        # end of its turn (token 2) comes as soon as it may.
        texts = {t: json.loads(self.request("POST", "/detokenize", {"tokens": [t]})[1])["content"] for t in range(512)}
        self.steered = {"seed": 3, "logit_bias": {str(t): -100 for t, text in texts.items() if text.isspace()} | {"2": 100}}
