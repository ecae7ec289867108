"""The official Python SDK, unmodified, against a real server with real models."""

import json
import os
import subprocess
import unittest
from pathlib import Path
from typing import Literal

import openai
import pydantic

CHAT_MODEL = "smollm2-135m-instruct"
EMBEDDING_MODEL = "all-minilm-l6-v2"
SERVE = Path(__file__).parent.parent / "node" / "serve.mjs"

process = None
client = None
address = None


def setUpModule():
    global process, client, address
    process = subprocess.Popen(["node", str(SERVE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ)
    address = json.loads(process.stdout.readline())
    client = openai.OpenAI(base_url=address["baseUrl"], api_key=address["apiKey"])


def tearDownModule():
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=60)


SETTINGS = {"model": CHAT_MODEL, "temperature": 0, "max_tokens": 40}
MESSAGES = [{"role": "user", "content": "What is the capital of France? Answer in one short sentence."}]


class Bell(pydantic.BaseModel):
    """Every value is one of few, so that a small model's answer ends soon and can be judged."""

    bell: Literal["small", "great"]
    is_loud: bool


QUESTION = "Ring the great bell."
RUNG = "The bell rang."


class ChatCompletions(unittest.TestCase):
    def test_answers_a_question(self):
        answer = client.chat.completions.create(messages=MESSAGES, **SETTINGS)
        self.assertTrue(answer.choices[0].message.content)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_streams_the_same_answer(self):
        whole = client.chat.completions.create(messages=MESSAGES, **SETTINGS)
        chunks = client.chat.completions.create(messages=MESSAGES, stream=True, **SETTINGS)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        self.assertEqual(text, whole.choices[0].message.content)

    def test_calls_a_tool_and_goes_on_from_its_output(self):
        settings = {"model": CHAT_MODEL, "temperature": 0, "max_completion_tokens": 60}
        messages = [{"role": "user", "content": QUESTION}]
        tools = [openai.pydantic_function_tool(Bell, name="ring")]
        called = client.chat.completions.parse(
            messages=messages, tools=tools, tool_choice="required", parallel_tool_calls=False, **settings
        )
        self.assertEqual(called.choices[0].finish_reason, "tool_calls")
        message = called.choices[0].message
        call = message.tool_calls[0]
        self.assertIsInstance(call.function.parsed_arguments, Bell)
        answered = client.chat.completions.create(
            messages=[*messages, message, {"role": "tool", "tool_call_id": call.id, "content": RUNG}],
            tools=tools,
            tool_choice="none",
            **{**settings, "max_completion_tokens": 8},
        )
        self.assertTrue(answered.choices[0].message.content)

    def test_follows_a_schema_which_is_parsed(self):
        settings = {"model": CHAT_MODEL, "temperature": 0, "max_completion_tokens": 60}
        messages = [{"role": "user", "content": QUESTION}]
        parsed = client.chat.completions.parse(messages=messages, response_format=Bell, **settings)
        self.assertIsInstance(parsed.choices[0].message.parsed, Bell)
        with client.chat.completions.stream(messages=messages, response_format=Bell, **settings) as stream:
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.parsed, parsed.choices[0].message.parsed)


class StoredChatCompletions(unittest.TestCase):
    def test_are_found_by_their_metadata_updated_read_and_deleted(self):
        completions = client.chat.completions
        one, other = (
            completions.create(
                messages=MESSAGES, model=CHAT_MODEL, max_completion_tokens=2, store=True, metadata={"batch": batch}
            )
            for batch in ("first", "second")
        )
        found = [each.id for each in completions.list(metadata={"batch": "second"})]
        self.assertEqual(found, [other.id])
        completions.update(one.id, metadata={"batch": "second"})
        found = [each.id for each in completions.list(metadata={"batch": "second"}, order="desc", limit=1)]
        self.assertEqual(found, [other.id, one.id])
        told = [(each.role, each.content) for each in completions.messages.list(one.id)]
        self.assertEqual(told, [("user", MESSAGES[0]["content"])])
        for kept in (one, other):
            self.assertTrue(completions.delete(kept.id).deleted)
            with self.assertRaises(openai.NotFoundError):
                completions.retrieve(kept.id)


class Conversations(unittest.TestCase):
    def test_hold_what_was_said_and_are_gone_when_they_were_deleted(self):
        conversation = client.conversations.create(
            items=[{"type": "message", "role": "user", "content": "My name is Ada."}], metadata={"topic": "mills"}
        )
        said = {"model": CHAT_MODEL, "input": "What is my name?", "conversation": conversation.id}
        counted = client.responses.input_tokens.count(**said)
        answered = client.responses.create(temperature=0, max_output_tokens=8, **said)
        self.assertEqual(answered.conversation.id, conversation.id)
        self.assertEqual(answered.usage.input_tokens, counted.input_tokens)
        items = list(client.conversations.items.list(conversation.id, order="asc", limit=2))
        self.assertEqual([item.role for item in items], ["user", "user", "assistant"])
        self.assertEqual(items[-1].content[0].text, answered.output_text)
        self.assertTrue(client.conversations.delete(conversation.id).deleted)
        with self.assertRaises(openai.NotFoundError):
            client.conversations.retrieve(conversation.id)


class Responses(unittest.TestCase):
    def test_call_a_tool_and_go_on_from_its_output(self):
        settings = {"model": CHAT_MODEL, "temperature": 0}
        tools = [openai.pydantic_function_tool(Bell, name="ring")["function"] | {"type": "function"}]
        asked = {"input": QUESTION, "tools": tools, "tool_choice": "required", "parallel_tool_calls": False}
        called = client.responses.parse(max_output_tokens=60, **asked, **settings)
        self.assertEqual([item.type for item in called.output], ["function_call"])
        call = called.output[0]
        Bell.model_validate_json(call.arguments)
        with client.responses.stream(max_output_tokens=60, **asked, **settings) as stream:
            self.assertEqual(stream.get_final_response().output[0].arguments, call.arguments)
        answered = client.responses.create(
            previous_response_id=called.id,
            input=[{"type": "function_call_output", "call_id": call.call_id, "output": RUNG}],
            tools=tools,
            tool_choice="none",
            max_output_tokens=8,
            **settings,
        )
        self.assertTrue(answered.output_text)
        kept = list(client.responses.input_items.list(answered.id, order="asc"))
        self.assertEqual([item.type for item in kept], ["message", "function_call", "function_call_output"])

    def test_follow_a_schema_which_is_parsed(self):
        asked = {"model": CHAT_MODEL, "input": QUESTION, "temperature": 0, "max_output_tokens": 60}
        parsed = client.responses.parse(text_format=Bell, **asked)
        self.assertIsInstance(parsed.output_parsed, Bell)
        with client.responses.stream(text_format=Bell, **asked) as stream:
            self.assertEqual(stream.get_final_response().output_parsed, parsed.output_parsed)

    def test_streams_through_the_accumulator(self):
        # The SDK's get_final_response knows completed answers only; a small model may talk until it is cut.
        final = None
        text = ""
        with client.responses.stream(
            model=CHAT_MODEL, input="What is the capital of France?", temperature=0, max_output_tokens=40
        ) as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    text += event.delta
                    self.assertEqual(event.snapshot, text)
                elif event.type in ("response.completed", "response.incomplete"):
                    final = event.response
        self.assertTrue(text)
        self.assertEqual(final.output_text, text)
        self.assertEqual(final.usage.total_tokens, final.usage.input_tokens + final.usage.output_tokens)

    def test_is_continued_retrieved_and_deleted(self):
        settings = {"model": CHAT_MODEL, "temperature": 0, "max_output_tokens": 12}
        first = client.responses.create(input="My name is Ada.", **settings)
        alone = client.responses.create(input="What is my name?", **settings)
        second = client.responses.create(input="What is my name?", previous_response_id=first.id, **settings)
        self.assertGreaterEqual(second.usage.input_tokens, alone.usage.input_tokens + first.usage.output_tokens)
        self.assertEqual(client.responses.retrieve(second.id).previous_response_id, first.id)
        client.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(first.id)


    def test_is_incomplete_at_max_output_tokens(self):
        cut = client.responses.create(
            model=CHAT_MODEL,
            input="Tell me a long story about a river, a mill and a miller.",
            temperature=0,
            max_output_tokens=4,
        )
        self.assertEqual((cut.status, cut.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual(cut.usage.output_tokens, 4)


class Connections(unittest.TestCase):
    """WebSocket mode, by the SDK's own connection."""

    LAST = ("response.completed", "response.incomplete", "response.failed", "error")
    ASKED = {"model": CHAT_MODEL, "temperature": 0, "max_output_tokens": 8}

    def turn(self, connection, **asked):
        connection.response.create(**self.ASKED, **asked)
        events = []
        for event in connection:
            events.append(event)
            if event.type in self.LAST:
                return events

    def test_carries_turns_each_of_which_goes_on_from_the_one_before(self):
        with client.responses.connect() as connection:
            first = self.turn(connection, input="What is a mill?", store=False)
            self.assertEqual(first[0].type, "response.created")
            self.assertEqual([event.sequence_number for event in first], list(range(len(first))))
            answer = first[-1].response
            whole = client.responses.create(input="What is a mill?", **self.ASKED)
            self.assertEqual(answer.output_text, whole.output_text)
            second = self.turn(connection, input="And a race?", previous_response_id=answer.id, store=False)
            self.assertEqual(second[-1].response.previous_response_id, answer.id)
            self.assertGreater(second[-1].response.usage.input_tokens, answer.usage.input_tokens)

    def test_tells_what_is_wrong_with_a_turn_and_goes_on(self):
        with client.responses.connect() as connection:
            (refused,) = self.turn(connection, input="Hi", previous_response_id="resp_unknown")
            self.assertEqual(refused.error.code, "previous_response_not_found")
            self.assertNotEqual(self.turn(connection, input="Hi")[-1].type, "error")

    def test_of_the_multi_agent_beta_is_refused_by_name(self):
        with self.assertRaises(Exception) as refused:
            client.responses.connect(extra_headers={"OpenAI-Beta": "responses_multi_agent=v1"}).enter()
        self.assertIn("400", str(refused.exception))


class Embeddings(unittest.TestCase):
    def test_are_the_same_in_floats_as_in_the_default_base64(self):
        texts = ["A cat sits on the mat", "A kitten rests on a rug", "Quarterly tax law for shipping firms"]
        answer = client.embeddings.create(model=EMBEDDING_MODEL, input=texts)
        cat, kitten, tax = (each.embedding for each in answer.data)
        self.assertEqual(len(cat), 384)
        self.assertGreater(dot(cat, kitten), dot(cat, tax) + 0.2)
        floats = client.embeddings.create(model=EMBEDDING_MODEL, input=texts, encoding_format="float")
        for ours, theirs in zip(floats.data, answer.data):
            self.assertGreater(dot(ours.embedding, theirs.embedding), 0.9999)


class Errors(unittest.TestCase):
    def test_a_wrong_key(self):
        stranger = openai.OpenAI(base_url=address["baseUrl"], api_key=address["apiKey"] + "x")
        with self.assertRaises(openai.AuthenticationError):
            stranger.models.list()

    def test_an_unknown_model(self):
        with self.assertRaises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="gpt-nobody", messages=MESSAGES)
        self.assertEqual((raised.exception.code, raised.exception.param), ("model_not_found", "model"))

    def test_a_conversation_longer_than_the_context_before_the_stream_begins(self):
        with self.assertRaises(openai.BadRequestError) as raised:
            client.responses.create(model=CHAT_MODEL, input="word " * 40_000, stream=True)
        self.assertEqual(raised.exception.code, "context_length_exceeded")


def dot(left, right):
    return sum(one * other for one, other in zip(left, right))


class AdminApi(unittest.TestCase):
    def test_a_project_gets_a_service_account_whose_key_works(self):
        admin = openai.OpenAI(base_url=address["baseUrl"], api_key="", admin_api_key=address["adminApiKey"])
        organization = admin.admin.organization
        project = organization.projects.create(name="Python")
        account = organization.projects.service_accounts.create(project.id, name="robot")
        robot = openai.OpenAI(base_url=address["baseUrl"], api_key=account.api_key.value)
        self.assertIn(CHAT_MODEL, [model.id for model in robot.models.list()])
        keys = list(organization.projects.api_keys.list(project.id))
        self.assertEqual([key.id for key in keys], [account.api_key.id])
        organization.projects.archive(project.id)
        with self.assertRaises(openai.PermissionDeniedError):
            robot.models.list()
        types = [event.type for event in organization.audit_logs.list(limit=10)]
        self.assertIn("project.archived", types)


if __name__ == "__main__":
    unittest.main()
