import { isObjectText } from "../metering/sse-usage-scanner.ts";
import { dataOf, splitEvents } from "./sse-events.ts";

const decoder = new TextDecoder();

/** What stands in a piece of whole events before the first whose data is no JSON object. */
export function beforeBrokenEvent(piece: Uint8Array): Uint8Array {
  const whole: string[] = [];
  for (const event of splitEvents(decoder.decode(piece))) {
    const data = dataOf(event);
    if (data !== undefined && !isReadable(data)) break;
    whole.push(`${event}\n\n`);
  }
  return new TextEncoder().encode(whole.join(""));
}

function isReadable(data: string): boolean {
  const bytes = Buffer.from(data);
  return data === "[DONE]" || isObjectText(bytes, 0, bytes.byteLength);
}
