import { type Clock, systemClock } from "../../ports/clock.ts";
import type { LogFields, Logger, LogLevel } from "../../ports/logger.ts";
import { type LineStream, LineWriter } from "./line-writer.ts";
import { mayHoldSecret, readMember, redactText, toLoggable } from "./redact.ts";

const rank = { debug: 10, info: 20, warn: 30, error: 40 } as const satisfies Record<LogLevel, number>;

export type LoggerOptions = {
  /** Lines below it are left out. */
  readonly level: LogLevel;
  readonly stream: LineStream & { readonly isTTY?: boolean };
  /** How much may wait for a slow reader before lines are dropped. */
  readonly bufferBytesMax: number;
  readonly clock?: Clock;
};

/**
 * One line for each event: JSON with `time` (ISO 8601), `level`, `message` and the fields beside them; short and
 * readable where the stream is a terminal. Keys and secrets are masked wherever they stand. `log` never throws.
 */
export function createLogger({ level, stream, bufferBytesMax, clock = systemClock }: LoggerOptions): Logger {
  const writer = new LineWriter(stream, bufferBytesMax);
  const format = stream.isTTY === true ? readableLine : jsonLine;
  const isoTime = lastIsoTime();
  const render = (at: LogLevel, message: string, fields: LogFields) =>
    format(isoTime(clock.nowMs()), at, redactText(message), fields);
  return {
    log(at, message, fields = {}) {
      if (rank[at] < rank[level]) return;
      writer.write(render(at, message, fields), (count) =>
        render("warn", "log lines were dropped: the log's reader is too slow", { count }),
      );
    },
  };
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const plain = plainJson(fields);
  let line = `{"time":"${time}","level":"${level}","message":${JSON.stringify(message)}`;
  if (plain !== undefined) return plain === "{}" ? `${line}}` : `${line},${plain.slice(1)}`;
  let count = 0;
  for (const name of Object.keys(fields)) {
    if (ownNames.has(name)) continue;
    if (count++ === fieldsMax) break;
    const json = JSON.stringify(toLoggable(readMember(fields, name), 1, [fields]));
    if (json !== undefined) line += `,${JSON.stringify(redactText(name))}:${json}`;
  }
  return `${line}}`;
}

/**
 * The fields as JSON, in one piece: every request has such a line. Undefined where one of them has to be looked at: it is
 * neither text nor number, takes the place of another, or may hold a secret, which JSON's own escapes would not hide here.
 */
function plainJson(fields: LogFields): string | undefined {
  try {
    if (fields.toJSON !== undefined) return undefined;
    let count = 0;
    for (const name of Object.keys(fields)) {
      const kind = typeof fields[name];
      if (kind !== "string" && kind !== "number" && kind !== "undefined") return undefined;
      if (ownNames.has(name) || ++count > fieldsMax) return undefined;
    }
    const json = JSON.stringify(fields);
    return mayHoldSecret(json) ? undefined : json;
  } catch {
    // A getter that throws: its own place in the line says so.
    return undefined;
  }
}

/** Many lines are of one millisecond. */
function lastIsoTime(): (ms: number) => string {
  let lastMs = Number.NaN;
  let text = "";
  return (ms) => {
    if (ms !== lastMs) {
      text = new Date(ms).toISOString();
      lastMs = ms;
    }
    return text;
  };
}

/** What no field may take the place of. */
const ownNames: ReadonlySet<string> = new Set(["time", "level", "message"]);
const fieldsMax = 100;

function readableLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(toLoggable(fields) as LogFields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return [time.slice(11, 23), level.padEnd(5), message, ...pairs].join(" ");
}
