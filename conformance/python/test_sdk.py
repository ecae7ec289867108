"""The official Python SDK, unmodified, against a real server with real models."""

import json
import os
import subprocess
import unittest
from pathlib import Path

import openai

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


class Responses(unittest.TestCase):
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
            model=CHAT_MODEL, input="Count from one to one hundred.", temperature=0, max_output_tokens=4
        )
        self.assertEqual((cut.status, cut.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual(cut.usage.output_tokens, 4)


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
