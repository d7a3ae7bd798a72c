"""What streams say while they run: order of events, truthful switches, resumption."""
import json
import unittest

from command import STORIES
from server import ServerTest

PROMPT = [{"role": "user", "content": "Once upon a time"}]
CHAT = {"model": STORIES, "messages": PROMPT, "max_tokens": 16, "seed": 1}
MESSAGE = {"model": STORIES, "messages": PROMPT, "max_tokens": 16}
RESPONSE = {"model": STORIES, "input": "Once upon a time", "max_output_tokens": 16, "seed": 1}


def deltas(chunks, field):
    return "".join(chunk["choices"][0]["delta"].get(field, "") for _, _, chunk in chunks
                   if isinstance(chunk, dict) and chunk["choices"])


class StreamTest(ServerTest):
    def test_a_chat_is_the_answer_in_pieces_then_usage_then_done(self):
        _, whole = self.chat()
        events = self.stream("/v1/chat/completions", CHAT | {"stream_options": {"include_usage": True}})
        self.assertEqual(events[-1][2], "[DONE]")
        self.assertEqual(deltas(events, "content"), whole["choices"][0]["message"]["content"])
        self.assertEqual(events[0][2]["choices"][0]["delta"]["role"], "assistant")
        self.assertEqual(events[-2][2]["usage"], whole["usage"] | {"prompt_tokens_details": events[-2][2]["usage"]["prompt_tokens_details"]})
        self.assertEqual(events[-2][2]["choices"], [])
        self.assertTrue(all(chunk["usage"] is None for _, _, chunk in events[:-2]))
        self.assertEqual(events[-3][2]["choices"][0]["finish_reason"], whole["choices"][0]["finish_reason"])
        self.assertTrue(all(event[0] is None for event in events))  # an id would promise that it can be resumed

    def test_a_vote_shows_the_lead_as_reasoning_and_one_samples_text_as_content(self):
        for seed in range(4):
            events = self.stream("/v1/chat/completions", CHAT | {
                "seed": seed, "reckon": {"policy": "sc4", "task": "text", "stream": {"progress": True}}})
            last = events[-2][2]
            content, reasoning = deltas(events, "content"), deltas(events, "reasoning_content")
            self.assertEqual(deltas(events, "reasoning"), reasoning)
            self.assertNotEqual(content, "")
            # It says that the lead won exactly when the texts are the same.
            self.assertEqual(last["reckon"]["lead"], "won" if content == reasoning else "switched")
            told = [chunk["reckon"]["progress"] for _, _, chunk in events[:-2] if "progress" in chunk.get("reckon", {})]
            self.assertEqual([p["finished"] for p in told], list(range(1, len(told) + 1)))
            self.assertEqual(told[-1]["cap"], 4)

    def test_no_progress_unless_asked(self):
        events = self.stream("/v1/chat/completions", CHAT | {"model": STORIES + "@sc4"})
        self.assertFalse(any("progress" in json.dumps(event[2]) for event in events))

    def test_a_message_has_anthropics_events_in_order(self):
        for model in (STORIES, STORIES + "@sc4"):
            events = [e for e in self.stream("/v1/messages", MESSAGE | {"model": model}) if e[1] != "ping"]
            self.assertTrue(all(name == data["type"] for _, name, data in events))
            kinds = [name for _, name, _ in events]
            body = [k for k in kinds if k != "content_block_delta"]
            self.assertEqual(body, ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"])
            self.assertEqual(kinds[1], "content_block_start")
            self.assertEqual(kinds[-3], "content_block_stop")
            begun, ended = events[0][2]["message"], events[-2][2]
            self.assertEqual((begun["content"], begun["stop_reason"], begun["role"]), ([], None, "assistant"))
            self.assertEqual(ended["delta"]["stop_reason"], "max_tokens")
            self.assertEqual(ended["usage"]["output_tokens"], 16 if model == STORIES else ended["reckon"]["usage"]["computed"] - ended["reckon"]["usage"]["prompt"])

    def test_a_response_has_openais_events_in_order(self):
        status, whole = self.post("/v1/responses", RESPONSE)
        self.assertEqual((status, whole["status"]), (200, "incomplete"), whole)
        self.assertEqual(whole["usage"]["output_tokens"], 16)
        events = self.stream("/v1/responses", RESPONSE)
        kinds = [name for _, name, _ in events]
        self.assertEqual(kinds[:4], ["response.created", "response.in_progress", "response.output_item.added",
                                     "response.content_part.added"])
        self.assertEqual(kinds[-4:], ["response.output_text.done", "response.content_part.done", "response.output_item.done",
                                      "response.incomplete"])
        self.assertEqual(set(kinds[4:-4]), {"response.output_text.delta"})
        self.assertEqual([data["sequence_number"] for _, _, data in events], list(range(len(events))))
        text = "".join(data["delta"] for _, name, data in events if name.endswith("text.delta"))
        self.assertEqual(text, whole["output"][0]["content"][0]["text"])
        self.assertEqual(events[-1][2]["response"]["output"], [whole["output"][0] | {"id": events[-1][2]["response"]["output"][0]["id"]}])

    def test_errors_before_the_first_event_keep_their_status(self):
        response, data = self.request("POST", "/v1/responses", {"model": "gpt-9", "input": "x", "stream": True})
        self.assertEqual((response.status, json.loads(data)["error"]["code"]), (404, "model_not_found"))


class ResumeTest(ServerTest):
    LONG = CHAT | {"max_tokens": 400, "reckon": {"stream": {"resume": True}}}

    def drop(self, body, path="/v1/chat/completions", **headers):
        """Reads the first events of a stream and goes away; its events and its id."""
        connection, response = self.open_stream(path, body, **headers)
        data = b""
        while data.count(b"\n\n") < 4:
            data += response.read1(4096)
        connection.close()
        return self.events(data[:data.rindex(b"\n\n") + 2]), response.getheader("X-Request-Id")

    def again(self, path, last):
        response, data = self.request("GET", path, headers={"Last-Event-ID": str(last)})
        return response.status, self.events(data)

    def test_a_dropped_stream_is_read_on_where_it_was_left(self):
        whole = self.stream("/v1/chat/completions", self.LONG | {"reckon": {}})
        first, identity = self.drop(self.LONG)
        self.assertEqual([int(event[0]) for event in first], list(range(len(first))))
        status, rest = self.again(f"/v1/reckon/requests/{identity}/events", first[-1][0])
        self.assertEqual(status, 200)
        self.assertEqual([int(event[0]) for event in first + rest], list(range(len(first + rest))))
        self.assertEqual(deltas(first + rest, "content"), deltas(whole, "content"))
        self.assertEqual(rest[-1][2], "[DONE]")
        self.assertEqual(self.metric("reckon_cancelled_total"), 0)
        status, everything = self.again(f"/v1/reckon/requests/chatcmpl-{identity}/events", 0)
        self.assertEqual(len(everything), len(first + rest) - 1)
        self.assertEqual(self.again(f"/v1/reckon/requests/{identity}/events", 99999)[0], 404)
        self.assertEqual(self.again(f"/v1/reckon/requests/{identity}/events", "x")[0], 400)

    def test_without_asking_a_dropped_stream_is_cancelled_and_cannot_be_read_again(self):
        _, identity = self.drop(self.LONG | {"reckon": {"policy": "sc64"}})
        self.eventually(lambda: self.metric("reckon_requests_active") == 0)
        self.assertEqual(self.metric("reckon_cancelled_total"), 1)
        self.assertEqual(self.again(f"/v1/reckon/requests/{identity}/events", 0)[0], 404)

    def test_a_background_response_is_polled_and_streamed_by_its_number(self):
        body = RESPONSE | {"max_output_tokens": 300, "background": True}
        status, begun = self.post("/v1/responses", body)
        self.assertEqual((status, begun["status"], begun["output"]), (200, "in_progress", []))
        path = "/v1/responses/" + begun["id"]
        self.eventually(lambda: json.loads(self.request("GET", path)[1])["status"] != "in_progress")
        done = json.loads(self.request("GET", path)[1])
        self.assertEqual(done["usage"]["output_tokens"], 300)
        _, data = self.request("GET", path + "?stream=true&starting_after=7")
        events = self.events(data)
        self.assertEqual(events[0][2]["sequence_number"], 8)
        self.assertEqual(events[-1][2]["response"], done)

    def test_the_end_of_the_server_ends_streams_that_nobody_reads(self):
        self.drop(self.LONG)
        code, said = self.stop()
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main()
