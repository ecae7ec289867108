import { afterAll, expect, test } from "bun:test";
import { openRawClient, type RawClient } from "../testing/raw-client.ts";
import { startScriptedProvider } from "../testing/scripted-provider.ts";
import { startTestServer } from "../testing/test-server.ts";

const provider = await startScriptedProvider();
const server = await startTestServer({
  yaml: provider.yaml(["chat"]),
  limits: { connectionIdleMs: 4_000, requestBodyMs: 1_000, requestBodyBytesPerSecondMin: 20_000 },
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const clientsOfEach = 40;
const dripMs = 250;
/** More than the sockets' buffers on the way take. */
const answerBytes = 40_000_000;
const testMs = 60_000;

const head = (lines: readonly string[], key = server.keys.project): string =>
  ["POST /v1/chat/completions HTTP/1.1", "Host: localhost", `Authorization: Bearer ${key}`, ...lines, "", ""].join(
    "\r\n",
  );
const json = "Content-Type: application/json";
const question = `GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.keys.project}\r\n\r\n`;

/** A refusal that ends the connection, and says so. */
const tooSlow = /^HTTP\/1\.1 408 .*^connection: close\r$.*"code":"request_timeout"/ims;

/** What is sent at first, what then trickles, and what the client is told in the end. */
const manners: readonly (readonly [name: string, first: string, drip: string, told: RegExp])[] = [
  ["a first head", "GET /v1/models HTTP/1.1\r\n", "a: b\r\n", /^$/],
  ["the head of a second request", question, "G", /^HTTP\/1\.1 200 /],
  ["nothing, after an answer", question, "", /^HTTP\/1\.1 200 /],
  ["a body of a declared length", head([json, "Content-Length: 60000"]), " ", tooSlow],
  ["a long body", head([json, "Content-Length: 30000000"]), " ", tooSlow],
  ["a chunked body", head([json, "Transfer-Encoding: chunked"]), "1\r\n \r\n", tooSlow],
  ["a body without a key", head([json, "Content-Length: 60000"], "none"), " ", /^HTTP\/1\.1 401 /],
];

/** Writes the drip again and again until the server has closed the connection. */
function trickle(first: string, drip: string): RawClient {
  const client = openRawClient(server.url);
  client.socket.write(first);
  const timer = setInterval(() => client.socket.write(drip), dripMs);
  void client.closed.then(() => clearInterval(timer));
  return client;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test(
  "hundreds of clients that let their requests trickle are all cut off, while others are served",
  async () => {
    const clients = manners.flatMap(([name, first, drip, told]) =>
      Array.from({ length: clientsOfEach }, () => ({ name, told, client: trickle(first, drip) })),
    );
    let isOver = false;
    const all = Promise.all(clients.map(({ client }) => client.closed)).then((answers) => {
      isOver = true;
      return answers;
    });
    let served = 0;
    while (!isOver) {
      expect((await server.get("/v1/models")).status).toBe(200);
      served++;
      await pause(dripMs / 10);
    }
    expect(served).toBeGreaterThan(0);
    for (const [index, answer] of (await all).entries()) {
      const { name, told } = clients[index] ?? { name: "", told: /^$/ };
      expect({ name, isTold: told.test(answer), answer }).toMatchObject({ name, isTold: true });
    }
  },
  testMs,
);

test("a large body that comes slowly but steadily is taken", async () => {
  const pieces = 16;
  const body = `{"model":"no-such-model","messages":[],"user":"x"${" ".repeat(pieces * 20_000)}}`;
  const { socket, closed } = openRawClient(server.url);
  socket.write(head([json, `Content-Length: ${body.length}`, "Connection: close"]));
  // In all it takes longer than any body may that does not come steadily.
  for (let at = 0; at < body.length; at += 20_000) {
    socket.write(body.slice(at, at + 20_000));
    await pause(100);
  }
  expect(await closed).toContain('"code":"empty_array"');
});

test(
  "a model that thinks for longer than a connection may be idle is waited for",
  async () => {
    const [called, thought] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    provider.answer(async (_, response) => {
      called.resolve();
      await thought.promise;
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    const asked = server.post("/v1/chat/completions", {
      model: "scripted",
      messages: [{ role: "user", content: "x" }],
    });
    await called.promise;
    for (let silences = 0; silences < 2; silences++) await trickle(question, "").closed;
    thought.resolve();
    expect((await asked).status).toBe(200);
  },
  testMs,
);

test(
  "a client that does not read a large answer is cut off in the middle of it",
  async () => {
    const answer = JSON.stringify({ text: "x".repeat(answerBytes) });
    provider.answer((_, response) => void response.writeHead(200, { "content-type": "application/json" }).end(answer));
    const body = JSON.stringify({ model: "scripted", messages: [{ role: "user", content: "x" }] });
    const { socket, closed } = openRawClient(server.url);
    socket.pause();
    socket.write(`${head([json, `Content-Length: ${body.length}`])}${body}`);
    for (let silences = 0; silences < 3; silences++) await trickle(question, "").closed;
    socket.resume();
    expect((await closed).length).toBeLessThan(answer.length);
  },
  testMs,
);
