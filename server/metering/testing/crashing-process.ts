/**
 * A process that meters made-up streams as the gateway does, and tells on stdout what a client would have seen:
 * `s <id>` when a start was acknowledged, `t <id> <n>` for n tokens sent, `e <id> <output>` when an end was.
 * It runs until it is killed. Arguments: the journal's root, a seed.
 */
import { writeSync } from "node:fs";
import type { UsageMeter } from "../../ports/usage-journal.ts";
import { FileUsageJournal } from "../journal.ts";
import { newRequestId } from "../request-id.ts";
import { silentLogger, startsAtOnceMax, usageStart } from "./journal-fixtures.ts";

const [root = "", seed = "1"] = process.argv.slice(2);
let state = Number(seed) * 2654435761 || 1;

/** A whole number from 0 to below `limit` (xorshift). */
function random(limit: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % limit;
}

const journal = await FileUsageJournal.open({
  root,
  segmentBytesMax: 2_000 + random(20_000),
  bytesMax: 1e9,
  markTokens: 64,
  logger: silentLogger,
});
const begin = (id: string) => usageStart({ requestId: id, keyId: `key_${random(50)}` });
const tell = (text: string) => writeSync(1, `${text}\n`);
const running: { id: string; meter: UsageMeter; sent: number }[] = [];
tell("ready");
for (let step = 0; ; step++) {
  const at = random(running.length + 1);
  const stream = running[at];
  if (stream === undefined || (running.length < 20 && random(4) === 0)) {
    const ids = Array.from({ length: 1 + random(startsAtOnceMax) }, () => newRequestId());
    const together = ids.length > 1 || random(2) === 0;
    const meters = together
      ? await Promise.all(ids.map((id) => journal.startTogether(begin(id))))
      : ids.map((id) => journal.start(begin(id)));
    for (const [index, meter] of meters.entries()) {
      const id = ids[index] ?? "";
      running.push({ id, meter, sent: 0 });
      tell(`s ${id}`);
    }
  } else if (random(12) > 0) {
    const tokens = 1 + random(40);
    stream.meter.advance(tokens);
    stream.sent += tokens;
    tell(`t ${stream.id} ${tokens}`);
  } else {
    running.splice(at, 1);
    const usage = { inputTokens: 7, cachedInputTokens: 0, outputTokens: stream.sent, reasoningTokens: 0 };
    if (random(2) === 0) stream.meter.end({ status: "completed", usage, latencyMs: 5 });
    else await stream.meter.endTogether({ status: "completed", usage, latencyMs: 5 });
    tell(`e ${stream.id} ${stream.sent}`);
  }
  if (step % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
