import { Deadlines } from "../../common/deadlines.ts";
import type { ProviderConfig } from "../../config/headrace-yaml.ts";
import type { AnswerBody } from "../../ports/upstream.ts";
import { ResponseBody, streamOf } from "../response-body.ts";
import { ConnectionPool } from "./http1/connection-pool.ts";
import { Exchange } from "./http1/exchange.ts";
import type { ResponseHead } from "./http1/response-head.ts";
import { WireError } from "./http1/wire-error.ts";
import { basePathOf, requestHeaders, requestIdHeader } from "./request-headers.ts";
import type { ProviderWire, WireAnswer, WireRequest } from "./wire.ts";
import { timedOut, unanswered, unreachable } from "./wire-failures.ts";

const httpPort = 80;
/** A body up to this size goes out with its head, in one write. */
const joinedBytesMax = 16_384;

/** The codings that servers use unasked, by the names that the runtime has for them. */
const codings: Readonly<Record<string, Bun.CompressionFormat>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "brotli",
  zstd: "zstd",
};

/** Reaches a provider over connections of our own, without TLS: HTTP/1.1 as an inference server speaks it. */
export class DirectWire implements ProviderWire {
  readonly #pool: ConnectionPool;
  /** Requests that wait for the head of their answer. */
  readonly #silent: Deadlines;
  readonly #timedOut: () => unknown;
  readonly #base: string;
  readonly #query: string;
  readonly #headers: string;
  /** What of a head is the same for all requests of a path. */
  readonly #heads = new Map<string, string>();

  constructor(config: ProviderConfig) {
    const { baseUrl, timeouts } = config;
    // An IPv6 address stands in brackets in a URL, and without them everywhere else.
    const hostname = baseUrl.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#pool = new ConnectionPool(hostname, Number(baseUrl.port || httpPort), timeouts.connectMs);
    this.#silent = new Deadlines(timeouts.firstByteMs);
    this.#timedOut = () => timedOut(timeouts.firstByteMs);
    this.#base = basePathOf(config);
    this.#query = baseUrl.search;
    const fields = [["host", baseUrl.host], ["connection", "keep-alive"], ...requestHeaders(config)];
    this.#headers = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  async send({ path, body, requestId, signal }: WireRequest): Promise<WireAnswer> {
    const exchange = new Exchange(this.#encode(path, requestId, body), signal, this.#timedOut);
    this.#silent.add(exchange);
    try {
      this.#pool.run(exchange);
      const head = await exchange.head;
      return { status: head.status, headers: head, body: plainBody(head, exchange) };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw error.failure === "not-connected" ? unreachable(error) : unanswered(error);
    } finally {
      this.#silent.remove(exchange);
    }
  }

  #encode(path: string, requestId: string, body: Uint8Array): Uint8Array[] {
    let head = this.#heads.get(path);
    if (head === undefined) {
      head = `POST ${this.#base}${path}${this.#query} HTTP/1.1\r\n${this.#headers}${requestIdHeader}: `;
      this.#heads.set(path, head);
    }
    const text = `${head}${requestId}\r\ncontent-length: ${body.byteLength}\r\n\r\n`;
    if (body.byteLength > joinedBytesMax) return [Buffer.from(text, "latin1"), body];
    const bytes = Buffer.allocUnsafe(text.length + body.byteLength);
    bytes.write(text, 0, "latin1");
    bytes.set(body, text.length);
    return [bytes];
  }
}

/** The body without the coding that a server put on it though none was asked for. */
function plainBody(head: ResponseHead, body: AnswerBody): AnswerBody {
  const coding = (head.get("content-encoding") ?? "identity").toLowerCase();
  if (coding === "identity") return body;
  const format = codings[coding];
  if (format === undefined) {
    body.cancel();
    throw new WireError("broken", `the answer has a content coding that was not asked for: ${coding.slice(0, 100)}`);
  }
  return new ResponseBody(streamOf(body).pipeThrough(new DecompressionStream(format as CompressionFormat)));
}
