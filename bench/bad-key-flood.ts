import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { generateApiKey } from "@headrace/server/identity/api-key.ts";

/**
 * `bun bad-key-flood.ts URL REQUESTS_PER_SECOND SECONDS`: offers keys that are none, half of them malformed and half
 * well-formed, at a fixed rate whatever the answers' pace; prints what came back as one line of JSON.
 */
const [url = "", perSecond = "0", seconds = "0"] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const connections = 64;
const tickMs = 2;
const keysMade = 2_000;

const requests = Array.from({ length: keysMade }, (_, index) => {
  const key = generateApiKey("project");
  const offered = index % 2 === 0 ? key : `${key.slice(0, -6)}000000`;
  return `GET /v1/models HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${offered}\r\n\r\n`;
});

let offered = 0;
let refused = 0;
const idle: (() => void)[] = [];

await Promise.all(
  Array.from({ length: connections }, async () => {
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const send = (): void => {
      socket.write(requests[offered++ % keysMade] ?? "");
    };
    // A refusal is far below a packet: one piece is one answer.
    socket.on("data", (bytes) => {
      if (bytes.toString("latin1", 9, 12) === "401") refused += 1;
      idle.push(send);
    });
    idle.push(send);
  }),
);

const startedMs = performance.now();
const elapsedSeconds = (): number => (performance.now() - startedMs) / 1000;
let missed = 0;
for (let due = 0; elapsedSeconds() < Number(seconds); await sleep(tickMs)) {
  const now = Math.floor(elapsedSeconds() * Number(perSecond));
  for (; due < now; due++) {
    const send = idle.shift();
    if (send === undefined) missed += 1;
    else send();
  }
}
const ran = elapsedSeconds();
await sleep(200);
process.stdout.write(`${JSON.stringify({ offered, refused, missed, seconds: ran })}\n`);
process.exit(0);
