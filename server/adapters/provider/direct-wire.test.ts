import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { ApiError } from "@headrace/contract/common/errors.ts";
import type { AnswerBody } from "../../ports/upstream.ts";
import { listenOnLoopback } from "../../testing/listen-on-loopback.ts";
import { until } from "../../testing/until.ts";
import { DirectWire } from "./direct-wire.ts";
import type { WireAnswer } from "./wire.ts";

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** One request as it came, and its connection. */
type Arrived = { readonly socket: Socket; readonly head: string; readonly body: Buffer; readonly connection: number };

type Wire = {
  readonly wire: DirectWire;
  readonly sockets: Socket[];
  send(body?: Uint8Array, signal?: AbortSignal): Promise<WireAnswer>;
};

/** A wire to a server that hands each whole request to `serve`, and each connection to `accept`. */
async function wireTo(serve: (arrived: Arrived) => void, accept?: (socket: Socket) => void): Promise<Wire> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    let bytes = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    accept?.(socket);
    socket.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = bytes.toString("latin1", 0, end);
      const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
      if (bytes.byteLength < end + 4 + length) return;
      const body = bytes.subarray(end + 4, end + 4 + length);
      bytes = bytes.subarray(end + 4 + length);
      serve({ socket, head, body, connection });
    });
  });
  const { port, close } = await listenOnLoopback(server);
  cleanUps.push(close);
  const wire = new DirectWire({
    name: "test",
    baseUrl: new URL(`http://127.0.0.1:${port}/v1`),
    apiKey: undefined,
    apis: new Set(["chat"] as const),
    headers: new Map(),
    timeouts: { connectMs: 5_000, firstByteMs: 10_000, idleMs: 10_000 },
    concurrency: undefined,
    behindProxy: false,
  });
  return {
    wire,
    sockets,
    send: (body = Buffer.from("{}"), signal = new AbortController().signal) =>
      wire.send({ path: "/chat/completions", body, requestId: "req_1", signal }),
  };
}

const ok = (body: string, fields = ""): string =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

async function bytesOf(body: AnswerBody): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let piece = await body.read(); piece !== undefined; piece = await body.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

const textOf = async (answer: Promise<WireAnswer>): Promise<string> => (await bytesOf((await answer).body)).toString();

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`no ApiError but ${String(error)}`);
  return error.code;
}

describe("a connection", () => {
  test("is used again by the next request, and as many are opened as run at once", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void setTimeout(() => socket.write(ok("x")), 5));
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: 8 }, () => textOf(send())));
      expect(sockets).toHaveLength(8);
    }
  });

  test("that the server closed is not used again", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.end(ok("x")));
    for (let round = 1; round <= 3; round++) {
      expect(await textOf(send())).toBe("x");
      await until(() => sockets.at(-1)?.readyState === "closed");
      expect(sockets).toHaveLength(round);
    }
  });

  test("that is closed under a request before a byte of its answer is replaced once, where it had served before", async () => {
    const bodies: string[] = [];
    const { send, sockets } = await wireTo(({ socket, body, connection }) => {
      bodies.push(body.toString());
      if (connection === 1 && bodies.length > 1) socket.resetAndDestroy();
      else socket.write(ok("x"));
    });
    expect(await textOf(send())).toBe("x");
    expect(await textOf(send(Buffer.from("second")))).toBe("x");
    expect(bodies).toEqual(["{}", "second", "second"]);
    expect(sockets).toHaveLength(2);
  });

  test("that is new and closed before an answer is not: the request may have been what killed the server", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.destroy());
    expect(await codeOf(send())).toBe("upstream_failed");
    expect(sockets).toHaveLength(1);
  });

  test("with bytes behind an answer's end is not used again: the next answer could be another's", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.write(`${ok("mine")}${ok("forged")}`));
    expect(await textOf(send())).toBe("mine");
    expect(await textOf(send())).toBe("mine");
    expect(sockets).toHaveLength(2);
  });

  test("that says something unasked is not used again", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.write(ok("mine")));
    expect(await textOf(send())).toBe("mine");
    sockets[0]?.write(ok("forged"));
    await until(() => sockets[0]?.readyState === "closed");
    expect(await textOf(send())).toBe("mine");
    expect(sockets).toHaveLength(2);
  });

  test("is not used again where the answer came before all of the request was sent", async () => {
    const { send, sockets } = await wireTo(
      () => undefined,
      (socket) => {
        if (sockets.length > 1) return void socket.once("data", () => void socket.write(ok("second")));
        socket.pause();
        socket.write(ok("too large"));
      },
    );
    expect(await textOf(send(Buffer.alloc(20_000_000)))).toBe("too large");
    expect(await textOf(send())).toBe("second");
  });

  test("that was opened for a caller who left meanwhile is the next one's", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.write(ok("x")));
    const leaving = new AbortController();
    const left = send(Buffer.from("{}"), leaving.signal);
    leaving.abort(new Error("left"));
    expect(await left.then(() => "answered", String)).toBe("Error: left");
    await until(() => sockets.length === 1);
    expect(await textOf(send())).toBe("x");
    expect(sockets).toHaveLength(1);
  });
});

describe("a body", () => {
  test("of any size arrives as it is", async () => {
    const seen: Buffer[] = [];
    const { send } = await wireTo(({ socket, body }) => {
      seen.push(Buffer.from(body));
      socket.write(ok("x"));
    });
    for (const size of [0, 1, 16_384, 16_385, 5_000_000]) {
      const sent = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251).concat(0)).subarray(0, 997);
      const body = Buffer.alloc(size, sent);
      await textOf(send(body));
      expect(seen.at(-1)?.equals(body)).toBe(true);
    }
  });

  test("that nobody reads stops its sender, and is whole once it is read", async () => {
    const total = 64_000_000;
    let sent = 0;
    const { send } = await wireTo(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      const more = (): void => {
        while (sent < total) {
          sent += 64_000;
          if (!socket.write(Buffer.alloc(64_000, "a"))) return;
        }
      };
      socket.on("drain", more);
      more();
    });
    const { body } = await send();
    const first = await body.read();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What the two kernels hold between them is a few megabytes.
    expect(sent).toBeLessThan(total / 2);
    expect((first?.byteLength ?? 0) + (await bytesOf(body)).byteLength).toBe(total);
  });

  test("is plain whatever coding the server has put on it, and refused where that is unknown", async () => {
    const plain = "data: hello\n\n".repeat(1_000);
    const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync };
    for (const [coding, packed] of Object.entries(pack)) {
      const { send } = await wireTo(({ socket }) => {
        const bytes = packed(plain);
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bytes.byteLength}\r\n\r\n`);
        socket.write(bytes);
      });
      expect(await textOf(send())).toBe(plain);
    }
    const { send } = await wireTo(({ socket }) => void socket.write(ok("x", "content-encoding: rot13\r\n")));
    expect(await codeOf(send())).toBe("upstream_failed");
  });

  test("that is cancelled while it is waited for ends the wait, and its connection", async () => {
    const { send, sockets } = await wireTo(
      ({ socket }) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst"),
    );
    const { body } = await send();
    expect((await body.read())?.byteLength).toBe(5);
    const waiting = body.read();
    body.cancel();
    expect(await waiting).toBeUndefined();
    await until(() => sockets[0]?.readyState === "closed");
  });

  test("whose caller leaves gives the caller's reason, also of what had come already", async () => {
    const { send, sockets } = await wireTo(({ socket }) => void socket.write(ok("all of it")));
    const caller = new AbortController();
    const { body } = await send(Buffer.from("{}"), caller.signal);
    caller.abort(new Error("left"));
    expect(await body.read().then(() => "read", String)).toBe("Error: left");
    // The answer was whole: nothing was wrong with the connection.
    expect(sockets[0]?.readyState).toBe("open");
  });

  test("that ends by a reset is broken, though its end was to be the connection's", async () => {
    const { send } = await wireTo(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\npart");
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
    const { body } = await send();
    expect(await bytesOf(body).then(() => "whole", String)).toContain("ended before the answer did");
  });
});
