"""Unmodified client libraries against a real server. tools/e2e-clients installs them and runs this."""
import unittest

from command import STORIES
from server import ServerTest

try:
    import anthropic
    import openai
except ImportError:
    anthropic = openai = None

PROMPT = [{"role": "user", "content": "Once upon a time"}]


@unittest.skipUnless(openai and anthropic, "openai and anthropic are not installed; run tools/e2e-clients")
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

    def test_errors_are_the_clients_own(self):
        with self.assertRaises(openai.NotFoundError):
            self.client.chat.completions.create(model="gpt-4o", messages=PROMPT)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model=STORIES, messages=PROMPT, response_format={"type": "json_object"})
        self.assertEqual(caught.exception.code, "unsupported")

    def test_closing_a_stream_stops_its_branches(self):
        stream = self.client.chat.completions.create(model=STORIES + "@sc8", messages=PROMPT, max_tokens=450, stream=True)
        next(iter(stream))
        stream.close()
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)


@unittest.skipUnless(openai and anthropic, "openai and anthropic are not installed; run tools/e2e-clients")
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

    def test_errors_are_the_clients_own(self):
        with self.assertRaises(anthropic.NotFoundError):
            self.client.messages.create(model="claude", messages=PROMPT, max_tokens=5)
        with self.assertRaises(anthropic.BadRequestError):
            self.client.messages.create(model=STORIES, messages=PROMPT, max_tokens=5,
                                        tools=[{"name": "f", "input_schema": {"type": "object"}}])


if __name__ == "__main__":
    unittest.main()
