import { EventFramer } from "./event-framer.ts";

const decoder = new TextDecoder();
const lineEnd = /\r\n|\n|\r/;
const eventEnd = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))/;
/** CR and LF alone end a line of an event; `.` and `$` of a regular expression take U+2028 and U+2029 for ends as well. */
const dataLine = /(?:^|[\r\n])data: ?([^\r\n]*)/;

/** Whether an answer's `content-type` says that it is a stream of events. */
export function isEventStream(contentType: string): boolean {
  return contentType.toLowerCase().startsWith("text/event-stream");
}

/** The events of a piece that holds whole ones, each without the blank line that ends it. */
export function splitEvents(piece: string): string[] {
  // Nearly all of them end their lines by a line feed alone, which needs no pattern.
  const events = piece.includes("\r") ? piece.split(eventEnd) : piece.split("\n\n");
  return events.filter((event) => event.trim() !== "");
}

/** The first `data` line of an event; undefined where it has none. */
export function dataOf(event: string): string | undefined {
  return dataLine.exec(event)?.[1];
}

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
