/** A request as it stood on the wire. */
export type WireRequest = {
  readonly method: string;
  readonly path: string;
  /** Of the head; names are matched without regard to case. */
  header(name: string): string | undefined;
  /** As Latin-1: nobody here reads letters, and each byte stays one character. */
  readonly body: string;
};

const headEnd = Buffer.from("\r\n\r\n");
const empty = Buffer.alloc(0);

/** Cuts a connection's bytes into requests with a content-length. What a gateway sends is trusted here. */
export class RequestParser {
  #rest: Buffer = empty;

  push(bytes: Buffer): void {
    this.#rest = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /** The next whole request, undefined until its last byte has come. */
  next(): WireRequest | undefined {
    const end = this.#rest.indexOf(headEnd);
    if (end === -1) return undefined;
    const head = this.#rest.toString("latin1", 0, end);
    const length = Number(headerOf(head, "content-length") ?? "0");
    const bodyAt = end + headEnd.byteLength;
    if (this.#rest.byteLength < bodyAt + length) return undefined;
    const body = this.#rest.toString("latin1", bodyAt, bodyAt + length);
    this.#rest = this.#rest.subarray(bodyAt + length);
    const [method = "", target = ""] = head.slice(0, head.indexOf("\r\n")).split(" ", 2);
    const path = target.split("?", 1)[0] ?? "";
    return { method, path, header: (name) => headerOf(head, name), body };
  }
}

function headerOf(head: string, name: string): string | undefined {
  const lower = head.toLowerCase();
  const at = lower.indexOf(`\r\n${name}:`);
  if (at === -1) return undefined;
  const from = at + name.length + 3;
  const to = head.indexOf("\r\n", from);
  return head.slice(from, to === -1 ? undefined : to).trim();
}
