import { isUtf8 } from "node:buffer";
import { doneMarker, type Finding, type RuleId, type StreamEvent } from "./rules.ts";
import { isObject } from "./values.ts";

export type Framing = "named-events" | "data-lines";

export type ParsedStream = { readonly events: readonly StreamEvent[]; readonly findings: readonly Finding[] };

/**
 * Reads server-sent events as strictly as OpenAI writes them: LF, `event: ` and `data: ` with one blank, comments allowed.
 * `named-events` is the framing of Responses, `data-lines` that of Chat Completions, whose last event is `doneMarker`.
 */
export function parseSse(stream: Uint8Array | string, framing: Framing): ParsedStream {
  const reader = new BlockReader(framing);
  const text = decode(stream, reader);
  if (text.includes("\r")) reader.report("sse.line", "a carriage return");
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  const rest = blocks.pop();
  for (const block of blocks) reader.read(block);
  if (rest !== "") {
    reader.report("sse.block", "the stream ends inside an event");
  }
  return reader;
}

function decode(stream: Uint8Array | string, reader: BlockReader): string {
  if (typeof stream === "string") return stream;
  if (!isUtf8(stream)) reader.report("sse.utf8", "some bytes are not");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stream);
}

class BlockReader {
  readonly #framing: Framing;
  readonly events: StreamEvent[] = [];
  readonly findings: Finding[] = [];

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  report(rule: RuleId, message: string): void {
    this.findings.push({ rule, at: this.events.length, message });
  }

  /** One event with its lines, or comments alone. */
  read(block: string): void {
    const lines = block.split("\n").filter((line) => !line.startsWith(":"));
    const names: string[] = [];
    const data: string[] = [];
    for (const line of lines) {
      if (line.startsWith("event: ")) names.push(line.slice("event: ".length));
      else if (line.startsWith("data: ")) data.push(line.slice("data: ".length));
      else if (line !== "") this.report("sse.line", line);
      else this.report("sse.block", "an empty line more than needed");
    }
    const isNameFirst = names.length === 0 || lines[0]?.startsWith("event: ") === true;
    const [name] = names;
    const [json] = data;
    if (lines.length === 0) return;
    if (json === undefined || data.length > 1 || names.length > 1 || !isNameFirst) {
      this.report("sse.block", block);
      return;
    }
    if ((name !== undefined) !== (this.#framing === "named-events")) {
      this.report("sse.names", name === undefined ? "an event without a name" : `event: ${name}`);
    }
    this.#add(name, json);
  }

  #add(event: string | undefined, json: string): void {
    if (json === doneMarker) {
      if (this.#framing === "named-events") this.report("sse.no-done", doneMarker);
      else this.events.push({ event, data: doneMarker });
      return;
    }
    try {
      const data: unknown = JSON.parse(json);
      if (!isObject(data)) this.report("sse.json", json);
      else this.events.push({ event, data });
    } catch (error) {
      this.report("sse.json", `${String(error)}: ${json}`);
    }
  }
}
