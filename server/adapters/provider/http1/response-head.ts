import { WireError } from "./wire-error.ts";

/** How a body's end is known (RFC 9112, section 6.3). */
export type BodyFraming =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** The connection's end is the body's. */
  | { readonly kind: "until-close" };

/** A status line and its header fields. */
export class ResponseHead {
  readonly status: number;
  readonly framing: BodyFraming;
  /** Whether the server lets another request follow on the connection. */
  readonly keepsAlive: boolean;
  /** By name in lower case; fields of the same name joined by a comma. */
  readonly #fields: ReadonlyMap<string, string>;

  constructor(status: number, isHttp10: boolean, fields: ReadonlyMap<string, string>) {
    this.status = status;
    this.#fields = fields;
    this.framing = framingOf(status, fields);
    const connection = fields.get("connection")?.toLowerCase();
    const wantsIt = isHttp10 ? /\bkeep-alive\b/.test(connection ?? "") : !/\bclose\b/.test(connection ?? "");
    // Both framings at once is how one request is smuggled behind another: the connection is not trusted any further.
    const isAmbiguous = fields.has("transfer-encoding") && fields.has("content-length");
    this.keepsAlive = wantsIt && !isAmbiguous && this.framing.kind !== "until-close";
  }

  /** @param name in lower case. */
  get(name: string): string | null {
    return this.#fields.get(name) ?? null;
  }
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;
const fieldName = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Reads a head without the blank line that ends it.
 * @throws WireError for what RFC 9112 does not allow, folded lines and white space before a colon among it.
 */
export function readHead(text: string): ResponseHead {
  const endOfLine = text.indexOf("\r\n");
  const status = statusLine.exec(endOfLine < 0 ? text : text.slice(0, endOfLine));
  if (status === null) throw new WireError("broken", "the answer does not begin with a status line of HTTP/1.1");
  const fields = new Map<string, string>();
  for (let at = endOfLine < 0 ? text.length : endOfLine + 2; at < text.length; ) {
    const lineEnd = text.indexOf("\r\n", at);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const colon = text.indexOf(":", at);
    const name = colon < 0 || colon > end ? "" : text.slice(at, colon).toLowerCase();
    if (!fieldName.test(name)) throw new WireError("broken", "a header field of the answer is none");
    const value = text.slice(colon + 1, end).trim();
    const known = fields.get(name);
    fields.set(name, known === undefined ? value : `${known}, ${value}`);
    at = end + 2;
  }
  return new ResponseHead(Number(status[2]), status[1] === "0", fields);
}

function framingOf(status: number, fields: ReadonlyMap<string, string>): BodyFraming {
  if (status < 200 || status === 204 || status === 304) return { kind: "length", bytes: 0 };
  const coding = fields.get("transfer-encoding");
  if (coding !== undefined) {
    if (coding.toLowerCase() === "chunked") return { kind: "chunked" };
    throw new WireError("broken", `the answer has a transfer coding that was not asked for: ${coding.slice(0, 100)}`);
  }
  const length = fields.get("content-length");
  if (length === undefined) return { kind: "until-close" };
  const [first = "", ...others] = length.split(",").map((each) => each.trim());
  const bytes = Number(first);
  if (!/^\d+$/.test(first) || !Number.isSafeInteger(bytes) || others.some((other) => other !== first)) {
    throw new WireError("broken", `the answer's content-length is none: ${length.slice(0, 100)}`);
  }
  return { kind: "length", bytes };
}
