import { EventFramer } from "./event-framer.ts";

const decoder = new TextDecoder();
const lineEnd = /\r\n|\n|\r/;

/** The `data` of each server-sent event of a body, in order; comments and other fields are left out. */
export async function* readEventData(
  pieces: AsyncIterable<Uint8Array>,
  eventBytesMax: number,
): AsyncGenerator<string, void, undefined> {
  const framer = new EventFramer(eventBytesMax);
  for await (const piece of pieces) {
    const events = framer.push(piece);
    if (events === undefined) continue;
    let data: string | undefined;
    for (const line of decoder.decode(events).split(lineEnd)) {
      if (line === "") {
        if (data !== undefined) yield data;
        data = undefined;
      } else if (line.startsWith("data:")) {
        const value = line.slice(line.startsWith("data: ") ? 6 : 5);
        data = data === undefined ? value : `${data}\n${value}`;
      }
    }
  }
}
