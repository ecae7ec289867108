import type { Failure, Skip } from "./report.ts";

export type JunitReport = {
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  /** Files that had at least one test. */
  readonly files: ReadonlySet<string>;
};

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (whole, code?: string, name?: string) =>
    code ? String.fromCodePoint(Number(code)) : (entities[name ?? ""] ?? whole),
  );
}

function attribute(head: string, name: string): string {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(head)?.[1] ?? "");
}

/** Reads the JUnit report that `bun test --reporter=junit` writes: one `<testcase>` for each test, nested suites. */
export function readJunit(xml: string): JunitReport {
  const failures: Failure[] = [];
  const skips: Skip[] = [];
  const files = new Set<string>();
  let passed = 0;
  for (const [, head = "", body = ""] of xml.matchAll(
    /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    const file = attribute(head, "file");
    const name = [file, attribute(head, "classname"), attribute(head, "name")]
      .filter((part) => part !== "")
      .join(" > ");
    files.add(file);
    const failure = /<(?:failure|error)\b((?:[^>"]|"[^"]*")*?)(?:\/>|>([\s\S]*?)<\/)/.exec(body);
    if (failure) failures.push({ name, detail: decode(failure[2] ?? "") || attribute(failure[1] ?? "", "message") });
    else if (body.includes("<skipped")) skips.push({ name, reason: attribute(body, "message") || "marked as skipped" });
    else passed += 1;
  }
  return { passed, failures, skips, files };
}
