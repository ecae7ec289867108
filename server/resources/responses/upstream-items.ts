import { dataOf, splitEvents } from "../../gateway/sse-events.ts";
import { OpenItem, type UnnumberedEvent } from "./open-item.ts";

type Json = Record<string, unknown>;

const decoder = new TextDecoder();

/** Bytes of events that wait to be read. Most streams end before: they are never read at all. */
const waitingBytesMax = 65_536;

/**
 * Follows the items of a stream that is passed on as it comes, for the case that it breaks off. What stands in an item
 * is looked at only where there is much of it, or where it has to be ended here.
 */
export class UpstreamItems {
  readonly #done: Json[] = [];
  #open: OpenItem | undefined;
  /** Pieces of whole events that were not looked at yet. */
  #unread: (Uint8Array | string)[] = [];
  #unreadBytes = 0;
  /** Events of the open item. */
  #waiting: string[] = [];
  #waitingBytes = 0;

  /** Takes whole events as they came. */
  pass(piece: Uint8Array | string): void {
    this.#unread.push(piece);
    this.#unreadBytes += piece.length;
    if (this.#unreadBytes > waitingBytesMax) this.#read();
  }

  #read(): void {
    const unread = this.#unread;
    this.#unread = [];
    this.#unreadBytes = 0;
    for (const piece of unread) {
      for (const event of splitEvents(typeof piece === "string" ? piece : decoder.decode(piece)))
        this.#readEvent(event);
    }
  }

  #readEvent(event: string): void {
    if (!event.includes('"response.output_item.')) {
      this.#wait(event);
      return;
    }
    const data = read(event);
    if (data?.type === "response.output_item.added") {
      this.#open = new OpenItem(data);
    } else if (data?.type === "response.output_item.done") {
      this.#open = undefined;
      if (typeof data.item === "object" && data.item !== null) this.#done.push(data.item as Json);
    } else {
      this.#wait(event);
      return;
    }
    this.#forget();
  }

  /** The events that end the open item, if there is one, and all items of the stream. */
  close(): { readonly events: UnnumberedEvent[]; readonly output: readonly Json[] } {
    this.#read();
    this.#catchUp();
    const closed = this.#open?.close();
    this.#open = undefined;
    if (closed !== undefined) this.#done.push(closed.item);
    return { events: closed?.events ?? [], output: this.#done };
  }

  #wait(event: string): void {
    if (this.#open === undefined) return;
    this.#waiting.push(event);
    this.#waitingBytes += event.length;
    if (this.#waitingBytes > waitingBytesMax) this.#catchUp();
  }

  #catchUp(): void {
    for (const event of this.#waiting) {
      const data = read(event);
      if (data !== undefined) this.#open?.take(data);
    }
    this.#forget();
  }

  #forget(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

/** What is no JSON tells nothing of an item. */
function read(event: string): Json | undefined {
  const data = dataOf(event);
  if (data === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
