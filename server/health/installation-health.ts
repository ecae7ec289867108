import type { Health } from "@headrace/contract/headrace/health.ts";
import { program } from "@headrace/contract/program.ts";

type PartName = keyof Health["parts"];
type FactsOf<Name extends PartName> = Omit<Health["parts"][Name], "status" | "problem">;

/** One part of the server. */
export type HealthPart<Facts> = {
  /** Whether requests can be served at all without it: any problem of such a part is `/readyz`'s too. */
  readonly isNeeded: boolean;
  /** From memory, at once: undefined when it is well, else a sentence. */
  readonly problem: () => string | undefined;
  /** What else is known; may ask others, and may fail. */
  readonly facts: () => Promise<Facts>;
  /** What is told where `facts` fails, or takes too long. */
  readonly unknown: () => Facts;
};

export type HealthParts = { readonly [Name in PartName]: HealthPart<FactsOf<Name>> };

/** How long a part may take to tell its facts: a health report must come when something hangs. In milliseconds. */
const factsMsMax = 2_000;

/** How the server is: the one source of `/readyz` and of the operator's report. */
export class InstallationHealth {
  readonly #parts: HealthParts;
  readonly #startedAtMs = performance.now();

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Why requests can't be served now, by part; empty when they can. */
  problems(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.#parts).flatMap(([name, { isNeeded, problem }]) => {
        const text = isNeeded ? problem() : undefined;
        return text === undefined ? [] : [[name, text]];
      }),
    );
  }

  /** Looks at every part; never throws, and answers within some two seconds. */
  async report(): Promise<Health> {
    const names = Object.keys(this.#parts) as PartName[];
    const looked = await Promise.all(names.map(async (name) => [name, await look<object>(this.#parts[name])] as const));
    const isWell = looked.every(([, { status }]) => status === "ok");
    return {
      object: "headrace.health",
      status: isWell ? "ok" : "degraded",
      version: program.version,
      uptime_seconds: Math.floor((performance.now() - this.#startedAtMs) / 1000),
      parts: Object.fromEntries(looked) as Health["parts"],
    };
  }
}

type Looked = { readonly status: "ok" | "degraded"; readonly problem: string | null };

async function look<Facts extends object>({ problem, facts, unknown }: HealthPart<Facts>): Promise<Looked & Facts> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it gave no answer within ${factsMsMax} ms`)), factsMsMax);
  const told = await Promise.race([facts(), tooLong]).then(
    (known) => ({ known, failure: undefined }),
    (error: unknown) => ({ known: unknown(), failure: error instanceof Error ? error.message : String(error) }),
  );
  clearTimeout(timer);
  const text = problem() ?? told.failure;
  return { status: text === undefined ? "ok" : "degraded", problem: text ?? null, ...told.known };
}
