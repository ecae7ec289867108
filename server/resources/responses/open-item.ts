type Json = Record<string, unknown>;

/** An event without its number, which is given when it is sent. */
export type UnnumberedEvent = Json & { readonly type: string };

/** A text that belongs to an item as a whole: its events, and where it stands in the item. */
const inputs: readonly { readonly events: string; readonly field: string }[] = [
  { events: "response.function_call_arguments", field: "arguments" },
  { events: "response.custom_tool_call_input", field: "input" },
  { events: "response.mcp_call_arguments", field: "arguments" },
  { events: "response.code_interpreter_call_code", field: "code" },
];
/** A text that belongs to a part: its events, and where it stands in the part. */
const texts: readonly { readonly events: string; readonly field: string }[] = [
  { events: "response.output_text", field: "text" },
  { events: "response.refusal", field: "refusal" },
  { events: "response.reasoning_text", field: "text" },
  { events: "response.reasoning_summary_text", field: "text" },
];

type Text = { readonly events: string; readonly field: string; value: string; isDone: boolean };
type Part = { readonly list: "content" | "summary"; readonly index: number; value: Json; text: Text | undefined };

/** One item of an upstream's stream, followed from the event that added it, so that it can be ended in its place. */
export class OpenItem {
  readonly #item: Json;
  readonly #outputIndex: unknown;
  readonly #parts: Record<Part["list"], Json[]> = { content: [], summary: [] };
  #part: Part | undefined;
  #input: Text | undefined;

  /** @param added the item's `response.output_item.added`. */
  constructor(added: Json) {
    this.#item = isObject(added.item) ? added.item : {};
    this.#outputIndex = added.output_index;
    const input = inputs.find(({ events }) => events.startsWith(`response.${String(this.#item.type)}_`));
    if (input !== undefined && typeof this.#item[input.field] === "string") this.#input = newText(input);
  }

  /** Takes an event that stands in the item; one that says nothing of its texts and parts changes nothing. */
  take(event: Json): void {
    const type = String(event.type);
    if (type === "response.content_part.added") this.#addPart("content", event.content_index, event);
    else if (type === "response.reasoning_summary_part.added") this.#addPart("summary", event.summary_index, event);
    else if (type === "response.content_part.done" || type === "response.reasoning_summary_part.done") {
      if (this.#part !== undefined) this.#endPart(isObject(event.part) ? event.part : this.#part.value);
    } else if (type === "response.output_text.annotation.added") this.#append("annotations", [event.annotation]);
    else this.#takeText(type, event);
  }

  /** What is missing up to the item's end, and the item as it ends: incomplete. */
  close(): { readonly events: UnnumberedEvent[]; readonly item: Json } {
    const events: UnnumberedEvent[] = [];
    const inItem = { item_id: this.#item.id, output_index: this.#outputIndex };
    const part = this.#part;
    if (part !== undefined) {
      const place = { ...inItem, [part.list === "content" ? "content_index" : "summary_index"]: part.index };
      const text = part.text ?? this.#textOf(part);
      if (text !== undefined && !text.isDone) {
        const logprobs = text.events === "response.output_text" ? { logprobs: part.value.logprobs ?? [] } : {};
        events.push({ type: `${text.events}.done`, ...place, [text.field]: text.value, ...logprobs });
      }
      const name = part.list === "content" ? "response.content_part" : "response.reasoning_summary_part";
      if (text !== undefined) part.value[text.field] = text.value;
      events.push({ type: `${name}.done`, ...place, part: part.value });
      this.#endPart(part.value);
    }
    const input = this.#input;
    if (input !== undefined && !input.isDone) {
      events.push({ type: `${input.events}.done`, ...inItem, [input.field]: input.value });
    }
    const item = this.#ended();
    events.push({ type: "response.output_item.done", output_index: this.#outputIndex, item });
    return { events, item };
  }

  #takeText(type: string, event: Json): void {
    const known = [...inputs, ...texts].find(({ events }) => type === `${events}.delta` || type === `${events}.done`);
    if (known === undefined) return;
    const text = inputs.includes(known) ? this.#inputText(known) : this.#partText(known);
    if (text === undefined) return;
    if (type.endsWith(".delta")) {
      text.value += String(event.delta ?? "");
      if (Array.isArray(event.logprobs)) this.#append("logprobs", event.logprobs);
      return;
    }
    text.isDone = true;
    if (typeof event[known.field] === "string") text.value = event[known.field] as string;
  }

  #inputText(known: (typeof inputs)[number]): Text {
    this.#input ??= newText(known);
    return this.#input;
  }

  #partText(known: (typeof texts)[number]): Text | undefined {
    if (this.#part === undefined) return undefined;
    this.#part.text ??= newText(known);
    return this.#part.text;
  }

  /** The text of a part that was added, and of which nothing came. */
  #textOf({ list, value }: Part): Text | undefined {
    const events = list === "summary" ? "response.reasoning_summary_text" : `response.${String(value.type)}`;
    const known = texts.find((one) => one.events === events);
    return known && newText(known);
  }

  #addPart(list: Part["list"], index: unknown, event: Json): void {
    const value = isObject(event.part) ? { ...event.part } : {};
    this.#part = { list, index: typeof index === "number" ? index : this.#parts[list].length, value, text: undefined };
  }

  #endPart(value: Json): void {
    if (this.#part !== undefined) this.#parts[this.#part.list][this.#part.index] = value;
    this.#part = undefined;
  }

  #append(field: "annotations" | "logprobs", values: readonly unknown[]): void {
    const part = this.#part?.value;
    if (part === undefined) return;
    part[field] = [...(Array.isArray(part[field]) ? part[field] : []), ...values];
  }

  #ended(): Json {
    const { content, summary } = this.#parts;
    return {
      ...this.#item,
      ...(content.length > 0 ? { content } : {}),
      ...(summary.length > 0 ? { summary } : {}),
      ...(this.#input === undefined ? {} : { [this.#input.field]: this.#input.value }),
      // Some kinds of items, reasoning among them, have no status.
      ...(this.#item.status === undefined || this.#item.type === "reasoning" ? {} : { status: "incomplete" }),
    };
  }
}

function newText({ events, field }: (typeof texts)[number]): Text {
  return { events, field, value: "", isDone: false };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
