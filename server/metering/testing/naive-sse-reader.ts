import { chatUsageOf } from "@headrace/contract/chat/create-chat-completion.ts";
import type { TokenUsage } from "@headrace/contract/common/operation.ts";
import { responseUsageOf } from "@headrace/contract/responses/create-response.ts";
import type { TerminalStatus } from "../sse-usage-scanner.ts";

const terminalTypes = new Set<unknown>(["response.completed", "response.incomplete", "response.failed"]);

/** What the scanner has to find, found in the plain way: the whole text split into events, each of them parsed. */
export function readNaively(text: string) {
  let contentEvents = 0;
  let usage: TokenUsage | undefined;
  let terminalStatus: TerminalStatus | undefined;
  for (const data of eventData(text)) {
    if (data === "[DONE]") terminalStatus ??= "completed";
    const event = parse(data);
    if (event === undefined) continue;
    contentEvents += deltasOf(event).filter(hasContent).length;
    usage = chatUsageOf(event) ?? responseUsageOf(event) ?? usage;
    const { type } = Object(event);
    if (terminalTypes.has(type)) terminalStatus = type.slice("response.".length) as TerminalStatus;
  }
  return { contentEvents, usage, terminalStatus };
}

function eventData(text: string): string[] {
  const found: string[] = [];
  let lines: string[] = [];
  for (const line of [...text.split("\n").map((raw) => raw.replace(/\r$/, "")), ""]) {
    if (line === "") {
      if (lines.length > 0) found.push(lines.join("\n"));
      lines = [];
    } else if (line === "data" || line.startsWith("data:")) {
      lines.push(line.slice(5).replace(/^ /, ""));
    }
  }
  return found;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Every member named `delta`, at any depth. */
function deltasOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [...(name === "delta" ? [inner] : []), ...deltasOf(inner)]);
}

function hasContent(delta: unknown): boolean {
  if (typeof delta === "string") return delta !== "";
  if (typeof delta !== "object" || delta === null) return false;
  return Object.entries(delta).some(
    ([name, value]) =>
      name !== "role" &&
      value !== null &&
      value !== "" &&
      !(typeof value === "object" && Object.keys(value).length === 0),
  );
}
