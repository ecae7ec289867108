import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ResponseHead } from "./response-head.ts";
import { ResponseParser } from "./response-parser.ts";
import { WireError } from "./wire-error.ts";

type Read = {
  readonly head: ResponseHead | undefined;
  readonly body: string;
  readonly pieces: number;
  readonly hasEnded: boolean;
  /** Whether every byte was the answer's. */
  readonly isAllOurs: boolean;
};

/** Reads an answer that comes in pieces, and the end of its connection where that is told. */
function read(pieces: readonly Buffer[], endsConnection = false): Read {
  let head: ResponseHead | undefined;
  const body: Buffer[] = [];
  let ends = 0;
  const parser = new ResponseParser({
    onHead: (each) => {
      head = each;
    },
    onPiece: (bytes) => void body.push(Buffer.from(bytes)),
    onEnd: () => void ends++,
  });
  // The parser owns what it is given: a cut must not share its memory with the next.
  const isAllOurs = pieces.map((piece) => parser.push(Buffer.from(piece))).every(Boolean);
  if (endsConnection) parser.finish();
  expect(ends).toBe(parser.hasEnded ? 1 : 0);
  const text = Buffer.concat(body).toString("latin1");
  return { head, body: text, pieces: body.length, hasEnded: parser.hasEnded, isAllOurs };
}

const whole = (text: string): Read => read([Buffer.from(text, "latin1")]);

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.byteLength + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.byteLength));
}

const places = fc.array(fc.nat(), { maxLength: 12 });
const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
const latin1 = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("latin1");

const chunked = (parts: readonly Uint8Array[]): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n${parts
    .filter((part) => part.byteLength > 0)
    .map((part, index) => {
      const size = index % 2 === 0 ? part.byteLength.toString(16) : `00${part.byteLength.toString(16).toUpperCase()}`;
      return `${size}${index % 3 === 2 ? ' ;a="b"' : ""}\r\n${latin1([part])}\r\n`;
    })
    .join("")}0\r\n`;

describe("an answer in any pieces", () => {
  test("with a length is read to its last byte, and no further", () => {
    fc.assert(
      fc.property(bodies, places, fc.boolean(), (parts, cuts, hasMore) => {
        const body = latin1(parts);
        const text = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}${hasMore ? "HTTP" : ""}`;
        const got = read(cut(Buffer.from(text, "latin1"), cuts));
        expect(got).toMatchObject({ body, hasEnded: true, isAllOurs: !hasMore });
      }),
    );
  });

  test("with chunks, extensions and trailers is read to its last byte, and no further", () => {
    fc.assert(
      fc.property(bodies, places, fc.boolean(), fc.boolean(), (parts, cuts, hasMore, hasTrailers) => {
        const text = `${chunked(parts)}${hasTrailers ? "a: 1\r\nb: 2\r\n" : ""}\r\n${hasMore ? "x" : ""}`;
        const got = read(cut(Buffer.from(text, "latin1"), cuts));
        expect(got).toMatchObject({ body: latin1(parts), hasEnded: true, isAllOurs: !hasMore });
      }),
    );
  });

  test("that ends with its connection is whole then", () => {
    fc.assert(
      fc.property(bodies, places, (parts, cuts) => {
        const text = `HTTP/1.1 200 OK\r\n\r\n${latin1(parts)}`;
        const got = read(cut(Buffer.from(text, "latin1"), cuts), true);
        expect(got).toMatchObject({ body: latin1(parts), hasEnded: true });
        expect(got.head?.keepsAlive).toBe(false);
      }),
    );
  });

  test("that breaks off before its end is broken wherever it does, save before its first byte", () => {
    const bytes = Buffer.from(`${chunked([Buffer.from("one"), Buffer.from("two")])}\r\n`, "latin1");
    for (let end = 0; end < bytes.byteLength; end++) {
      const failure = failureOf(() =>
        read(
          [bytes.subarray(0, end)].filter((each) => each.byteLength > 0),
          true,
        ),
      );
      expect(failure).toBe(end === 0 ? "unanswered" : "broken");
    }
  });
});

test("chunks that come together are one piece", () => {
  const parts = Array.from({ length: 50 }, (_, index) => Buffer.from(`event ${index}\n`));
  expect(whole(`${chunked(parts)}\r\n`)).toMatchObject({ body: latin1(parts), pieces: 1 });
});

test("interim answers are passed over, and a switch of protocols is refused", () => {
  const final = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  const interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
  expect(whole(`HTTP/1.1 100 Continue\r\n\r\n${interim}${final}`)).toMatchObject({ body: "ok", hasEnded: true });
  expect(failureOf(() => whole("HTTP/1.1 101 Switching Protocols\r\n\r\n"))).toBe("broken");
});

test("answers that have no body end with their head", () => {
  for (const status of ["204 No Content", "304 Not Modified"]) {
    expect(whole(`HTTP/1.1 ${status}\r\ncontent-length: 5\r\n\r\n`)).toMatchObject({ hasEnded: true, isAllOurs: true });
  }
});

test("header fields are found by their name in lower case, doubled ones joined", () => {
  const { head } = whole("HTTP/1.1 200\r\nContent-Type:  text/plain \r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n");
  expect(head?.get("content-type")).toBe("text/plain");
  expect(head?.get("x-a")).toBe("1, 2");
  expect(head?.get("x-b")).toBeNull();
});

test.each([
  ["HTTP/1.1 200 OK\r\ncontent-length: 0", true],
  ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: Close", false],
  ["HTTP/1.0 200 OK\r\ncontent-length: 0", false],
  ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive", true],
  ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked", false],
])("%j keeps its connection: %p", (head, keepsAlive) => {
  const text = head.includes("chunked") ? `${head}\r\n\r\n0\r\n\r\n` : `${head}\r\n\r\n`;
  const got = whole(text);
  expect(got.hasEnded).toBe(true);
  expect(got.head?.keepsAlive).toBe(keepsAlive);
});

test.each([
  "SSH-2.0-OpenSSH\r\n\r\n",
  "HTTP/2 200\r\n\r\n",
  "HTTP/1.1 20 OK\r\n\r\n",
  "HTTP/1.1 2000\r\n\r\n",
  "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
  "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
  "HTTP/1.1 200 OK\r\nname : blank\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: 1\r\n folded\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n",
  "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\na",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffff\r\n",
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${"x".repeat(5_000)}`,
  `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${"a: b\r\n".repeat(4_000)}`,
  `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`,
  "HTTP/1.1 100 Continue\r\n\r\n".repeat(4_000),
])("%#: what is no HTTP/1.1 is broken", (text) => {
  expect(failureOf(() => whole(text))).toBe("broken");
});

function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof WireError) return error.failure;
    throw error;
  }
  throw new Error("it did not fail");
}
