import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { create, hold, loggedLine, startSocketServer } from "../resources/responses/websocket/testing/socket-server.ts";
import { openSocket } from "../testing/socket-client.ts";
import { usageOfRequest } from "../testing/usage.ts";

// A server of its own takes seconds to start on a busy machine.
setDefaultTimeout(60_000);
const setup = await startSocketServer({ heartbeatMs: 100 });
afterAll(() => setup[Symbol.asyncDispose]());
const { server, chatOnly } = setup;

const path = "/v1/responses";
const handshake = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

/** Sends a handshake and gives the head of its answer, and the socket. */
async function shake(headers: Record<string, string>, at = path, url = server.url): Promise<[string, Socket]> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const lines = Object.entries({ host: "localhost", ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`GET ${at} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once("data", (bytes) => resolve(bytes.toString()));
    socket.once("error", reject);
  });
  socket.pause();
  return [answer, socket];
}

function requestIdOf(answer: string): string | undefined {
  return /x-request-id: (\S+)/i.exec(answer)?.[1];
}

/** A text message as a client sends it: masked, here with zeros. */
function frame(text: string): Uint8Array {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([0x81]), length, Buffer.alloc(4), payload]);
}

describe("a handshake", () => {
  test("that is not good is answered as any request is, in OpenAI's shape", async () => {
    const good = { ...handshake, authorization: `Bearer ${server.keys.project}` };
    const { authorization: _, ...keyless } = good;
    const { "sec-websocket-key": __, ...half } = good;
    const cases: [Record<string, string>, number, string, string?][] = [
      [keyless, 401, "missing_api_key"],
      [{ ...good, authorization: `Bearer ${server.keys.project}x` }, 401, "invalid_api_key"],
      [{ ...good, authorization: `Bearer ${server.keys.admin}` }, 403, "missing_scope"],
      [{ ...good, "api-key": "x" }, 400, "multiple_credentials"],
      [good, 400, "api_key_in_url", `${path}?api_key=${server.keys.project}`],
      [
        { ...keyless, "sec-websocket-protocol": `realtime, openai-insecure-api-key.${server.keys.project}` },
        401,
        "missing_api_key",
      ],
      [{ ...good, "sec-websocket-protocol": "realtime" }, 400, "invalid_header"],
      [{ ...good, "openai-beta": "responses_multi_agent=v1" }, 400, "invalid_header"],
      [{ ...good, "openai-beta": "agents=v1, responses_multi_agent=v1" }, 400, "invalid_header"],
      [half, 400, "invalid_header"],
      [{ ...good, upgrade: "h2c" }, 405, "method_not_allowed"],
      [good, 404, "unknown_url", "/v1/no-such-thing"],
      [good, 405, "method_not_allowed", "/v1/embeddings"],
    ];
    for (const [headers, status, code, at] of cases) {
      const [answer, socket] = await shake(headers, at);
      socket.destroy();
      expect(answer).toStartWith(`HTTP/1.1 ${status} `);
      expect(answer.toLowerCase()).toContain("x-request-id: req_");
      expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toMatchObject({ error: { code, param: null } });
      expect(answer).not.toContain(server.keys.project);
    }
  });

  test("that is good says the request id of the connection, and takes no sub-protocol", async () => {
    const good = { ...handshake, authorization: `Bearer ${server.keys.project}`, "openai-beta": "agents=v1" };
    const [answer, socket] = await shake(good, `${path}/`);
    socket.destroy();
    expect(answer).toStartWith("HTTP/1.1 101 ");
    const requestId = requestIdOf(answer);
    expect(answer.toLowerCase()).not.toContain("sec-websocket-protocol");
    expect(await loggedLine(server, { requestId })).toMatchObject({ status: 101, operation: "createResponse" });
  });

  test("beyond the number of connections that a key, or the process, may have is refused until one is closed", async () => {
    await using setup = await startSocketServer({ websocketConnectionsPerKeyMax: 2, websocketConnectionsMax: 3 });
    const { server } = setup;
    const { key } = await server.foundation.keys.create({ name: "second", projectId: undefined });
    const first = { ...handshake, authorization: `Bearer ${server.keys.project}` };
    const second = { ...handshake, authorization: `Bearer ${key}` };
    while ((await server.get("/v1/models", { authorization: second.authorization })).status !== 200)
      await Bun.sleep(20);
    const one = await openSocket(server);
    await using _ = await openSocket(server);
    const [perKey] = await shake(first, path, server.url);
    expect(perKey).toStartWith("HTTP/1.1 429 ");
    expect(perKey).toContain("rate_limit_exceeded");
    const [third, socket] = await shake(second, path, server.url);
    expect(third).toStartWith("HTTP/1.1 101 ");
    const [perProcess] = await shake(second, path, server.url);
    expect(perProcess).toStartWith("HTTP/1.1 503 ");
    expect(perProcess).toContain("server_is_overloaded");
    socket.destroy();
    await one[Symbol.asyncDispose]();
    await loggedLine(server, { status: 101, closeCode: 1006 });
    await using again = await openSocket(server);
    expect(again.socket.readyState).toBe(WebSocket.OPEN);
  });
});

describe("a connection", () => {
  test("whose client sends a message of 20 MB is closed with 1009", async () => {
    const client = await openSocket(server);
    client.send("x".repeat(20_000_000));
    expect((await client.closed).code).toBe(1009);
  });

  test("that is silent is pinged, and stays", async () => {
    const [, socket] = await shake({ ...handshake, authorization: `Bearer ${server.keys.project}` });
    const ping = await new Promise<Buffer>((resolve) => {
      socket.once("data", resolve);
      socket.resume();
    });
    expect(ping[0]).toBe(0x89);
    expect(socket.readyState).toBe("open");
    socket.destroy();
  });

  test("whose client stays and never reads holds its model back, and is cut", async () => {
    const chunk = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "x".repeat(50_000) }, finish_reason: null }] })}\n\n`;
    let written = 0;
    chatOnly.answer(async (call, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      let isOpen = true;
      void call.closed.then(() => {
        isOpen = false;
      });
      while (isOpen) {
        written += chunk.length;
        if (response.write(chunk)) continue;
        await Promise.race([call.closed, new Promise((resolve) => response.once("drain", resolve))]);
      }
    });
    const [answer, socket] = await shake({ ...handshake, authorization: `Bearer ${server.keys.project}` });
    socket.write(frame(JSON.stringify(create({ input: "x", stream_options: { include_obfuscation: false } }))));
    const line = await loggedLine(server, { method: "WS", status: 200 });
    expect(line).toMatchObject({ streamEnd: "client_left" });
    await chatOnly.calls.at(-1)?.closed;
    // What the kernel's buffers of four sockets take, and far less than a model writes that is not held back.
    expect(written).toBeLessThan(40_000_000);
    expect(await usageOfRequest(server, String(line.requestId))).toMatchObject({ status: "client_left" });
    await loggedLine(server, { requestId: requestIdOf(answer), status: 101 });
    socket.destroy();
  });

  test("whose client sends bad messages for ever and never reads is held back itself, and is cut", async () => {
    const [answer, socket] = await shake({ ...handshake, authorization: `Bearer ${server.keys.project}` });
    const bad = Buffer.concat(Array.from({ length: 1_000 }, () => frame("{")));
    let sent = 0;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    const send = (): void => {
      do sent += bad.length;
      while (socket.writable && sent < 200_000_000 && socket.write(bad));
    };
    socket.on("drain", send);
    send();
    await loggedLine(server, { requestId: requestIdOf(answer), status: 101 });
    socket.destroy();
    await closed;
    expect(sent).toBeLessThan(50_000_000);
  });

  test("at the end of its time finishes what runs, takes nothing new, says why and is closed", async () => {
    await using setup = await startSocketServer({ websocketConnectionMs: 1_500 });
    const { server, chatOnly } = setup;
    const nextHeld = hold(chatOnly);
    const client = await openSocket(server);
    client.send(create({ input: "x" }));
    const held = await nextHeld();
    client.send(create({ input: "waits" }));
    const refused = { type: "error", status: 400, error: { code: "websocket_connection_limit_reached" } };
    let event = await client.next();
    while (event.type !== "error") event = await client.next();
    expect(event).toMatchObject(refused);
    client.send(create({ input: "late", stream_id: "other" }));
    expect(await client.next("other")).toMatchObject(refused);
    held.release();
    const { code } = await client.closed;
    expect(code).toBe(1001);
    expect(client.events.slice(-2)).toMatchObject([{ type: "response.completed" }, refused]);
    expect(chatOnly.calls).toHaveLength(1);
  });

  test("whose key is revoked has its turn ended, is told, and is closed", async () => {
    const nextHeld = hold(chatOnly);
    const { id, key } = await server.foundation.keys.create({ name: "short", projectId: undefined });
    const authorization = `Bearer ${key}`;
    while ((await server.get("/v1/models", { authorization })).status !== 200) await Bun.sleep(20);
    const client = await openSocket(server, { authorization });
    client.send(create({ input: "x" }));
    const { call } = await nextHeld();
    await server.foundation.keys.revoke(id);
    expect((await client.closed).code).toBe(1008);
    await call.closed;
    expect(client.events.slice(-3)).toMatchObject([
      { type: "error", sequence_number: expect.any(Number) },
      { type: "response.failed" },
      { type: "error", status: 401, error: { code: "invalid_api_key" } },
    ]);
  });

  test("whose project lost a model is refused its next turn with it", async () => {
    await using client = await openSocket(server);
    const admin = { authorization: `Bearer ${server.keys.admin}`, "content-type": "application/json" };
    const project = (await server.get("/v1/models")).headers.get("openai-project");
    await fetch(`${server.url}/v1/organization/projects/${project}/model_permissions`, {
      method: "POST",
      headers: admin,
      body: JSON.stringify({ mode: "deny_list", model_ids: ["native"] }),
    });
    for (;;) {
      client.send(create({ model: "native", input: "x" }));
      const [event] = await client.turn();
      if (event?.type !== "error") continue;
      expect(event).toMatchObject({ status: 404, error: { code: "model_not_found" } });
      return;
    }
  });
});

describe("a server that is told to stop", () => {
  test("finishes the running turn, drops what waits, and closes with 1001", async () => {
    const setup = await startSocketServer();
    const { server, chatOnly } = setup;
    const nextHeld = hold(chatOnly);
    const idle = await openSocket(server);
    const client = await openSocket(server);
    client.send(create({ input: "x" }));
    const held = await nextHeld();
    client.send(create({ input: "waits", stream_id: "other" }));
    (await nextHeld()).release();
    expect((await client.turn("other")).at(-1)?.type).toBe("response.completed");
    client.send(create({ input: "waits" }));
    const stopped = setup[Symbol.asyncDispose]();
    expect((await idle.closed).code).toBe(1001);
    let event = await client.next();
    while (event.status === undefined) event = await client.next();
    expect(event).toMatchObject({ type: "error", status: 503, error: { code: "shutting_down" } });
    held.release();
    expect((await client.closed).code).toBe(1001);
    expect(client.events.at(-1)?.type).toBe("response.completed");
    await stopped;
  });

  test("ends a turn that outlasts the grace period, and closes with 1001", async () => {
    const setup = await startSocketServer({ shutdownGraceMs: 50 });
    const { server, chatOnly } = setup;
    const nextHeld = hold(chatOnly);
    const client = await openSocket(server);
    client.send(create({ input: "x" }));
    const { call } = await nextHeld();
    const stopped = setup[Symbol.asyncDispose]();
    const { code } = await client.closed;
    expect(code).toBe(1001);
    expect(client.events.slice(-2)).toMatchObject([{ type: "error" }, { type: "response.failed" }]);
    await call.closed;
    await stopped;
  });
});

test("a request to the same path without Upgrade is what it was", async () => {
  setup.answerWell();
  expect((await server.get(path)).status).toBe(405);
  expect((await server.post(path, { model: "chatty", input: "x" })).status).toBe(200);
});
