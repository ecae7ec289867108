import { Secret } from "../../config/secret-value.ts";

const keyPattern = /\bsk-(proj|svcacct|admin|operator)-[0-9A-Za-z_-]{6,}/g;
const inviteTokenPattern = /\binvite-[0-9A-Za-z]{30,}/g;
const urlCredentials = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const depthMax = 6;
const itemsMax = 100;

/** Whether a text holds what begins a secret: few do, and looking for that costs a tenth of the patterns. */
export function mayHoldSecret(text: string): boolean {
  return text.includes("sk-") || text.includes("invite-") || text.includes("://");
}

/** A text without keys and invites' tokens of ours and without the user and password of a URL. */
export function redactText(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return text
    .replace(keyPattern, "sk-$1-[masked]")
    .replace(inviteTokenPattern, "invite-[masked]")
    .replace(urlCredentials, "$1[masked]@");
}

/**
 * A value that JSON can hold, without secrets: errors with their causes, big numbers as text, bytes as their length,
 * what is too deep or too long cut. Never throws, whatever it is given.
 */
export function toLoggable(value: unknown, depth = 0, above: readonly object[] = []): unknown {
  switch (typeof value) {
    case "string":
      return redactText(value);
    case "bigint":
    case "symbol":
      return redactText(String(value));
    case "function":
      return `[function ${value.name}]`;
    case "object":
      return value === null ? null : objectToLoggable(value, depth, above);
    default:
      return value;
  }
}

function objectToLoggable(value: object, depth: number, above: readonly object[]): unknown {
  if (value instanceof Secret) return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (above.includes(value)) return "[circular]";
  if (depth >= depthMax) return "[too deep]";
  const path = [...above, value];
  const inner = (each: unknown) => toLoggable(each, depth + 1, path);
  if (value instanceof Error) return errorToLoggable(value, inner);
  if (Array.isArray(value) || value instanceof Set) return [...value].slice(0, itemsMax).map(inner);
  const entries = value instanceof Map ? [...value] : ownEntries(value);
  return Object.fromEntries(entries.slice(0, itemsMax).map(([name, each]) => [redactText(String(name)), inner(each)]));
}

function errorToLoggable(error: Error, inner: (each: unknown) => unknown): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const more = Object.fromEntries(ownEntries(error).filter(([key]) => key !== "stack" && key !== "message"));
  return {
    name,
    message: inner(message),
    ...Object.fromEntries(Object.entries(more).map(([key, each]) => [key, inner(each)])),
    ...(cause === undefined ? {} : { cause: inner(cause) }),
    ...(stack === undefined ? {} : { stack: inner(stack) }),
  };
}

/** A getter that throws says so in its own place instead of losing the line. */
export function readMember(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch (error) {
    return `[unreadable: ${String(error)}]`;
  }
}

function ownEntries(value: object): [string, unknown][] {
  return Object.keys(value).map((name) => [name, readMember(value, name)]);
}
