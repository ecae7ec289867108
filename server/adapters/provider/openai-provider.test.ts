import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { ApiError, type ErrorCode } from "@headrace/contract/common/errors.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import { Secret } from "../../config/secret-value.ts";
import { listenOnLoopback } from "../../testing/listen-on-loopback.ts";
import { responseOf } from "../../testing/response-of.ts";
import { until } from "../../testing/until.ts";
import { DirectWire } from "./direct-wire.ts";
import { FetchWire } from "./fetch-wire.ts";
import { OpenAiProvider } from "./openai-provider.ts";

const key = "provider-key-1234567890";
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(server: Server | TcpServer): Promise<number> {
  const { port, close } = await listenOnLoopback(server);
  cleanUps.push(close);
  return port;
}

/** A stopped process whose queue of connections is full: the kernel drops every further SYN, as a dead host does. */
async function listenWithoutAccepting(): Promise<number> {
  // Node, since Bun does not pass `backlog` on.
  const script = `require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
    console.log(this.address().port);
  })`;
  const child = spawn("node", ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line.toString());
  child.kill("SIGSTOP");
  const queued = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  cleanUps.push(() => {
    for (const socket of queued) socket.destroy();
    child.kill("SIGKILL");
  });
  await Promise.race(queued.map((socket) => once(socket, "connect")));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return port;
}

/** Plain HTTP goes over our own connections, and by the runtime's client where there is a proxy. */
const wires = ["our own connections", "the runtime's client"] as const;
let wire: (typeof wires)[number] = wires[0];

function configAt(port: number, more: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name: "test",
    baseUrl: new URL(`http://127.0.0.1:${port}/v1/?api-version=7`),
    apiKey: new Secret(key),
    apis: new Set(["chat"] as const),
    headers: new Map([["x-team", new Secret("blue")]]),
    timeouts: { connectMs: 2_000, firstByteMs: 5_000, idleMs: 5_000 },
    concurrency: undefined,
    behindProxy: wire === "the runtime's client",
    ...more,
  };
}

function providerAt(port: number, more: Partial<ProviderConfig> = {}): OpenAiProvider {
  return new OpenAiProvider(configAt(port, more), 1024);
}

async function providerFor(handler: Handler, more: Partial<ProviderConfig> = {}): Promise<OpenAiProvider> {
  return providerAt(await listen(createServer(handler)), more);
}

async function send(provider: OpenAiProvider, signal = new AbortController().signal): Promise<Response> {
  const body = new TextEncoder().encode('{"model":"m"}');
  return responseOf(await provider.send({ path: "/chat/completions", body, requestId: "req_1", signal }));
}

async function errorOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`no ApiError but ${String(error)}`);
  return error;
}

function expectNeutral(error: ApiError, code: ErrorCode): void {
  expect(error.code).toBe(code);
  expect(error.message).not.toContain("127.0.0.1");
  expect(error.message).not.toContain(key);
}

describe.each(wires)("over %s", (each) => {
  beforeEach(() => {
    wire = each;
  });

  describe("a request to a provider", () => {
    test("carries the operator's key and headers, our request id, the very bytes, and nothing else", async () => {
      let seen: { url: string | undefined; headers: IncomingMessage["headers"]; body: string } | undefined;
      const provider = await providerFor((request, response) => {
        let body = "";
        request.on("data", (chunk) => {
          body += chunk;
        });
        request.on("end", () => {
          seen = { url: request.url, headers: request.headers, body };
          response.setHeader("content-type", "application/json").end("{}");
        });
      });
      const response = await send(provider);
      expect(await response.text()).toBe("{}");
      expect(seen?.url).toBe("/v1/chat/completions?api-version=7");
      expect(seen?.body).toBe('{"model":"m"}');
      const { host, connection, ...headers } = seen?.headers ?? {};
      expect(host).toStartWith("127.0.0.1:");
      expect(connection).toBe("keep-alive");
      expect(headers).toEqual({
        accept: "application/json, text/event-stream",
        "accept-encoding": "identity",
        authorization: `Bearer ${key}`,
        "content-length": "13",
        "content-type": "application/json",
        "user-agent": "headrace",
        "x-client-request-id": "req_1",
        "x-team": "blue",
      });
    });

    test("uses a connection again, and survives that the provider closed it meanwhile", async () => {
      let connections = 0;
      let last: Socket | undefined;
      const server = createServer((_, response) => response.end("{}"));
      server.on("connection", (socket: Socket) => {
        connections++;
        last = socket;
      });
      const provider = providerAt(await listen(server));
      for (let round = 0; round < 5; round++) await (await send(provider)).text();
      expect(connections).toBe(1);
      last?.destroy();
      expect((await send(provider)).status).toBe(200);
    });

    test("gets plain bytes and true headers where the provider compresses all the same", async () => {
      const plain = "data: hello\n\n".repeat(100);
      const provider = await providerFor((_, response) => {
        const packed = gzipSync(plain);
        response.writeHead(200, {
          "content-encoding": "gzip",
          "content-length": packed.length,
          "content-type": "text/event-stream",
        });
        response.end(packed);
      });
      const response = await send(provider);
      expect(response.headers.get("content-encoding")).toBeNull();
      expect(response.headers.get("content-length")).toBeNull();
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      expect(await response.text()).toBe(plain);
    });
  });

  describe("a provider that fails", () => {
    test("by redirecting is not followed", async () => {
      let followed = false;
      const elsewhere = await listen(
        createServer((_, response) => {
          followed = true;
          response.end();
        }),
      );
      let closed = false;
      const provider = await providerFor((request, response) => {
        request.socket.on("close", () => (closed = true));
        response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` });
        response.write("a body that does not end");
      });
      expectNeutral(await errorOf(send(provider)), "upstream_failed");
      expect(followed).toBe(false);
      await until(() => closed);
    });

    test("by refusing the connection is unreachable, with the reason kept for the log", async () => {
      const server = createTcpServer();
      const port = await listen(server);
      server.close();
      await once(server, "close");
      const error = await errorOf(send(providerAt(port)));
      expectNeutral(error, "upstream_unreachable");
      expect(String(error.cause)).toContain("ECONNREFUSED");
    });

    test("by an unknown name is unreachable", async () => {
      const provider = providerAt(1, { baseUrl: new URL("http://no-such-host.invalid/v1") });
      expectNeutral(await errorOf(send(provider)), "upstream_unreachable");
    });

    test("by never answering is a timeout, though it accepts connections", async () => {
      let closed = false;
      const provider = await providerFor((request) => request.socket.on("close", () => (closed = true)), {
        timeouts: { connectMs: 50, firstByteMs: 300, idleMs: 300 },
      });
      const error = await errorOf(send(provider));
      expectNeutral(error, "upstream_timeout");
      expect(error.status).toBe(504);
      await until(() => closed);
    });

    test("by hanging up before it answers, or by talking nonsense, is no server of this wire", async () => {
      expectNeutral(await errorOf(send(await providerFor((request) => request.socket.destroy()))), "upstream_failed");
      const nonsense = createTcpServer(
        (socket) => void socket.on("data", () => void socket.end("SSH-2.0-OpenSSH\r\n\r\n")),
      );
      expectNeutral(await errorOf(send(providerAt(await listen(nonsense)))), "upstream_failed");
    });

    test("by a reset in the middle of the body makes the body fail, not the process", async () => {
      const provider = await providerFor((request, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
        setTimeout(() => request.socket.destroy(), 20);
      });
      const response = await send(provider);
      expect(await response.text().catch(String)).toMatch(/ended before the answer did|ECONNRESET/);
    });

    test("by an error answer is told as that error, without its key", async () => {
      const provider = await providerFor((_, response) => {
        response
          .writeHead(400)
          .end(JSON.stringify({ error: { message: `Bad: ${key}`, param: "n", code: "invalid_value" } }));
      });
      expect(await errorOf(send(provider))).toMatchObject({
        code: "invalid_value",
        param: "n",
        message: "Bad: [hidden]",
      });
    });

    test("by an error answer without end is read no further than the bound, and its socket is closed", async () => {
      let closed = false;
      const provider = await providerFor((request, response) => {
        request.socket.on("close", () => (closed = true));
        response.writeHead(500);
        const more = () => {
          if (!request.socket.destroyed && response.write("x".repeat(65_536))) setImmediate(more);
          else response.once("drain", more);
        };
        more();
      });
      expectNeutral(await errorOf(send(provider)), "upstream_failed");
      await until(() => closed);
    });
  });

  describe("a caller that leaves", () => {
    test("before the answer: the provider's socket is closed at once, and the caller's reason comes back", async () => {
      const caller = new AbortController();
      let closed = false;
      const provider = await providerFor((request) => {
        request.socket.on("close", () => (closed = true));
        setTimeout(() => caller.abort(new Error("left")), 10);
      });
      expect(await send(provider, caller.signal).catch(String)).toBe("Error: left");
      await until(() => closed);
    });

    test("in the middle of the answer: the provider's socket is closed at once", async () => {
      const caller = new AbortController();
      let closed = false;
      const provider = await providerFor((request, response) => {
        request.socket.on("close", () => (closed = true));
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("data: 1\n\n");
      });
      const response = await send(provider, caller.signal);
      caller.abort(new Error("left"));
      expect(await response.text().catch(String)).toBe("Error: left");
      await until(() => closed);
    });

    test("before the request: nothing is sent", async () => {
      let requests = 0;
      const provider = await providerFor((_, response) => {
        requests++;
        response.end();
      });
      expect(await send(provider, AbortSignal.abort(new Error("left"))).catch(String)).toBe("Error: left");
      expect(requests).toBe(0);
    });
  });
});

describe("a host that never accepts", () => {
  const timeouts = { connectMs: 200, firstByteMs: 60_000, idleMs: 60_000 };
  const request = { path: "/chat/completions", body: new TextEncoder().encode("{}"), requestId: "req_1" };

  test.each([DirectWire, FetchWire])(
    "is unreachable after the connect timeout, long before the first byte's: %p",
    async (Wire) => {
      const wireTo = new Wire(configAt(await listenWithoutAccepting(), { timeouts, behindProxy: false }));
      const { signal } = new AbortController();
      expectNeutral(await errorOf(wireTo.send({ ...request, signal })), "upstream_unreachable");
    },
  );
});
