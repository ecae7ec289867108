import { afterAll, describe, expect, test } from "bun:test";
import { exchange } from "../testing/raw-client.ts";
import { startTestServer } from "../testing/test-server.ts";

/**
 * Requests that two readers could take for different ones, and what is no HTTP at all. Nearly all of them are Bun's parser's
 * to refuse: it does so with a bare status line and closes the connection, before the server sees anything.
 */

const server = await startTestServer();
afterAll(() => server[Symbol.asyncDispose]());

/** Of a request with more behind it. */
const kept = "Host: localhost\r\n";
const host = `${kept}Connection: close\r\n`;
const key = `Authorization: Bearer ${server.keys.project}\r\n`;
const json = "Content-Type: application/json\r\n";
const post = `POST /v1/conversations HTTP/1.1\r\n${host}${key}${json}`;
const get = (lines: string): string => `GET /v1/models HTTP/1.1\r\n${lines}${key}\r\n`;
/** What must never be taken for a request: it stands inside of another one. */
const hidden = `GET /v1/hidden HTTP/1.1\r\n${host}${key}\r\n`;
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const hiddenChunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
/** Shows that the connection is read on behind the hidden one. */
const last = get(host);
const lengthOfHidden = `Content-Length: ${hidden.length}\r\n`;

async function statusesOf(text: string): Promise<number[]> {
  const answers = await exchange(server.url, text);
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

const refused: [string, string, number][] = [
  ["a length and chunks", `${post}${lengthOfHidden}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["chunks and a length", `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${hiddenChunk}`, 400],
  ["an unknown transfer coding", `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["an unknown coding with a length", `${post}Transfer-Encoding: x\r\nContent-Length: 2\r\n\r\n{}${hidden}`, 400],
  ["a blank before the colon", `${post}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${hidden}`, 400],
  ["a vertical tab before the coding", `${post}Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["chunks that are not the last coding", `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["two codings", `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["two coding headers", `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${hidden}`, 400],
  ["chunks in HTTP/1.0", `${chunked.replace("1.1", "1.0")}0\r\n\r\n${hidden}`, 400],
  ["two lengths", `${post}Content-Length: 2\r\n${lengthOfHidden}\r\n{}${hidden}`, 400],
  ["a list of lengths", `${post}Content-Length: 2, 2\r\n\r\n{}${hidden}`, 400],
  ["a length with a sign", `${post}Content-Length: +2\r\n\r\n{}${hidden}`, 400],
  ["a negative length", `${post}Content-Length: -2\r\n\r\n{}${hidden}`, 400],
  ["a hexadecimal length", `${post}Content-Length: 0x2\r\n\r\n{}${hidden}`, 400],
  ["an empty length", `${post}Content-Length: \r\n\r\n{}${hidden}`, 400],
  ["a length with more behind it", `${post}Content-Length: 2 x\r\n\r\n{}${hidden}`, 400],
  ["a length beyond 64 bits", `${post}Content-Length: 18446744073709551618\r\n\r\n{}${hidden}`, 400],
  ["a folded header", get(`${host}X-A: b\r\n c: d\r\n`), 400],
  ["a folded Host", get("Host: localhost\r\n evil\r\n"), 400],
  ["a header before the first name", get(` ${host}`), 400],
  ["no Host", get(""), 400],
  ["a bare line feed in a head", get(`${host}X-A: b\nX-B: c\r\n`), 400],
  ["a bare carriage return in a head", get(`${host}X-A: b\rX-B: c\r\n`), 400],
  ["a NUL in a head", get(`${host}X-A: b\0c\r\n`), 400],
  ["a header without a colon", get(`${host}X-A\r\n`), 400],
  ["a header without a name", get(`${host}: b\r\n`), 400],
  ["a blank in a header's name", get(`${host}X A: b\r\n`), 400],
  ["line feeds alone", get(host).replaceAll("\r\n", "\n"), 505],
  ["empty lines before the request", `\r\n\r\n${get(host)}`, 400],
  ["HTTP/0.9", "GET /v1/models\r\n\r\n", 505],
  ["HTTP/1.2", get(host).replace("1.1", "1.2"), 505],
  ["HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a control character in the URL", get(host).replace("models", "mo\u0001dels"), 505],
  ["a blank in the URL", get(host).replace("models", "mod els"), 505],
  ["a TLS handshake", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400],
  ["a line feed in a chunk's extension", `${chunked}2;a\n{}\r\n0\r\n\r\n${hidden}`, 400],
  ["a line feed after a chunk's size", `${chunked}2\n{}\n0\n\n${hidden}`, 400],
  ["a chunk beyond 64 bits", `${chunked}10000000000000002\r\n{}\r\n0\r\n\r\n${hidden}`, 400],
  ["a chunk's size with a prefix", `${chunked}0x2\r\n{}\r\n0\r\n\r\n${hidden}`, 400],
  ["a negative chunk", `${chunked}-2\r\n{}\r\n0\r\n\r\n${hidden}`, 400],
  ["a blank before a chunk's size", `${chunked} 2\r\n{}\r\n0\r\n\r\n${hidden}`, 400],
  ["a chunk that is longer than it says", `${chunked}2\r\n{}xx0\r\n\r\n${hidden}`, 400],
  ["trailers", `${chunked}2\r\n{}\r\n0\r\n${hidden}`, 400],
  ["a chunk's extension of 20 kB", `${chunked}2;a=${"b".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`, 413],
  ["a header of 17 kB", get(`${host}X-A: ${"a".repeat(17_000)}\r\n`), 431],
  ["300 headers", get(host + "X-A: b\r\n".repeat(300)), 431],
  ["a URL of 20 kB", get(host).replace("models", `models?a=${"a".repeat(20_000)}`), 431],
];

const answered: [string, string, number[]][] = [
  ["requests in a row, in their order", get(kept) + get(kept).replace("models", "nothing") + last, [200, 404, 200]],
  ["a length that is said twice", `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, [200]],
  ["another spelling of a length", `${post}Content_Length: 100\r\nContent-Length: 2\r\n\r\n{}`, [200]],
  ["a coding in capitals", `${post}Transfer-Encoding: CHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, [200]],
  ["a short extension of a chunk", `${chunked}2;a=b\r\n{}\r\n0\r\n\r\n`, [200]],
  ["a body where none is wanted", get(kept + lengthOfHidden) + hidden + last, [200, 200]],
  ["chunks where none are wanted", get(`${kept}Transfer-Encoding: chunked\r\n`) + hiddenChunk + last, [200, 200]],
  [
    "a body that is refused unread",
    `POST /v1/conversations HTTP/1.1\r\n${kept}${lengthOfHidden}\r\n${hidden}${last}`,
    [401, 200],
  ],
  [
    "a body of another type",
    `POST /v1/conversations HTTP/1.1\r\n${kept}${key}${lengthOfHidden}\r\n${hidden}${last}`,
    [415, 200],
  ],
  ["a body at no path", `POST /v1/nothing HTTP/1.1\r\n${kept}${key}${lengthOfHidden}\r\n${hidden}${last}`, [404, 200]],
  ["a body with OPTIONS", `OPTIONS /v1/models HTTP/1.1\r\n${kept}${lengthOfHidden}\r\n${hidden}${last}`, [204, 200]],
  ["an expectation", `${post}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}`, [100, 200]],
  ["the whole URL of another server", get(host).replace("/v1/models", "http://elsewhere.example/v1/models"), [200]],
  ["an upgrade to HTTP/2", get(`${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n`), [200]],
  ["CONNECT", `CONNECT elsewhere.example:443 HTTP/1.1\r\n${host}${key}\r\n`, [404]],
  ["TRACE", get(host).replace("GET", "TRACE"), [405]],
  // Bun closes what it does not know by name, and who does not wait for an answer that takes longer than a moment.
  ["an unknown method", get(host).replace("GET", "BREW"), []],
  ["a request behind a body", `${post.replace(host, kept)}Content-Length: 2\r\n\r\n{}${last}`, []],
];

describe("on the wire", () => {
  test.each(refused)("%s: refused", async (_, text, status) => {
    expect(await statusesOf(text)).toEqual([status]);
  });

  test.each(answered)("%s: answered for what it is", async (_, text, statuses) => {
    expect(await statusesOf(text)).toEqual(statuses);
  });

  test("nothing that stood inside of another request was ever taken for one", async () => {
    expect(await statusesOf(hidden)).toEqual([404]);
    const taken = server.log().filter(({ path }) => path === "/v1/hidden");
    expect(taken).toHaveLength(1);
  });
});
