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
        self.assertIn("Paris", answer.choices[0].message.content)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_streams_the_same_answer(self):
        whole = client.chat.completions.create(messages=MESSAGES, **SETTINGS)
        chunks = client.chat.completions.create(messages=MESSAGES, stream=True, **SETTINGS)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        self.assertEqual(text, whole.choices[0].message.content)


class Responses(unittest.TestCase):
    def test_streams_through_the_accumulator(self):
        with client.responses.stream(
            model=CHAT_MODEL, input="What is the capital of France?", temperature=0, max_output_tokens=40
        ) as stream:
            text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
            final = stream.get_final_response()
        self.assertEqual(final.status, "completed")
        self.assertEqual(final.output_text, text)

    def test_is_continued_retrieved_and_deleted(self):
        first = client.responses.create(model=CHAT_MODEL, input="My name is Ada.", temperature=0, max_output_tokens=40)
        second = client.responses.create(
            model=CHAT_MODEL,
            input="What is my name?",
            previous_response_id=first.id,
            temperature=0,
            max_output_tokens=40,
        )
        self.assertIn("Ada", second.output_text)
        self.assertEqual(client.responses.retrieve(second.id).previous_response_id, first.id)
        client.responses.delete(first.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(first.id)


class Embeddings(unittest.TestCase):
    def test_have_the_model_s_length(self):
        answer = client.embeddings.create(model=EMBEDDING_MODEL, input=["one", "two"])
        self.assertEqual([len(each.embedding) for each in answer.data], [384, 384])


class Errors(unittest.TestCase):
    def test_a_wrong_key(self):
        stranger = openai.OpenAI(base_url=address["baseUrl"], api_key=address["apiKey"] + "x")
        with self.assertRaises(openai.AuthenticationError):
            stranger.models.list()

    def test_an_unknown_model(self):
        with self.assertRaises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="gpt-nobody", messages=MESSAGES)
        self.assertEqual(raised.exception.code, "model_not_found")


if __name__ == "__main__":
    unittest.main()
