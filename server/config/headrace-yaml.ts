import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { z } from "zod";
import type { UpstreamApi } from "../ports/upstream.ts";
import { type ConfigProblem, errorCodeOf } from "./config-error.ts";
import { type Environment, settingValue } from "./environment.ts";
import { fileSchema, modelSchema, providerSchema, type SecretReference } from "./headrace-yaml-schema.ts";
import type { Limits } from "./limits.ts";
import { nearestName } from "./nearest-name.ts";
import { Secret } from "./secret-value.ts";
import { YamlSource } from "./yaml-source.ts";

export type ProviderTimeouts = {
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** The longest pause between two chunks of an answer. */
  readonly idleMs: number;
};

/** How many requests a provider gets at once. */
export type ConcurrencyLimit = {
  readonly requests: number;
  /** How many more may wait for a place. */
  readonly waiting: number;
  readonly waitMs: number;
};

/** A provider on OpenAI's wire. */
export type ProviderConfig = {
  readonly name: string;
  readonly baseUrl: URL;
  readonly apiKey: Secret | undefined;
  readonly apis: ReadonlySet<UpstreamApi>;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, Secret>;
  readonly timeouts: ProviderTimeouts;
  /** Undefined: all that come. */
  readonly concurrency: ConcurrencyLimit | undefined;
  /** The environment sends such URLs through a proxy (HTTPS_PROXY …): the provider's own host may be out of reach. */
  readonly behindProxy: boolean;
};

/** A model's name as callers send it, and where it is served. */
export type ModelAlias = {
  readonly name: string;
  /** A provider's name, or `local`. */
  readonly provider: string;
  /** What the provider knows it as. */
  readonly model: string;
  /** Undefined: all that its provider speaks. */
  readonly apis: ReadonlySet<UpstreamApi> | undefined;
};

/** headrace.yaml, checked and resolved. */
export type HeadraceFile = { readonly providers: readonly ProviderConfig[]; readonly models: readonly ModelAlias[] };

export type HeadraceFileOptions = {
  /** Absolute. */
  readonly path: string;
  /** Whether it is a problem that there is no such file. */
  readonly required: boolean;
  /** Where `{ env: NAME }` is looked up. */
  readonly environment: Environment;
  readonly limits: Limits;
};

/** Reads headrace.yaml. Reports all that is wrong, each with its line and column; never throws for what a file holds. */
export function readHeadraceFile(options: HeadraceFileOptions): { file: HeadraceFile; problems: ConfigProblem[] } {
  const empty: HeadraceFile = { providers: [], models: [] };
  let text: string;
  try {
    text = readFileSync(options.path, "utf8");
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "ENOENT" && !options.required) return { file: empty, problems: [] };
    const problem = code === "ENOENT" ? "there is no such file" : `can't be read (${code})`;
    return { file: empty, problems: [{ name: options.path, problem, remedy: "Correct HEADRACE_CONFIG or the file" }] };
  }
  const source = new YamlSource(basename(options.path), text);
  if (source.problems.length > 0) return { file: empty, problems: source.problems };
  const resolver = new FileResolver(source, options);
  const outer = source.check(fileSchema, [], source.content ?? {}) ?? outerItemsOf(source.content);
  const providers = resolver.providers(outer.providers ?? []);
  const models = resolver.models(outer.models ?? [], outer.providers ?? [], providers);
  return { file: { providers, models }, problems: source.problems };
}

/** The lists of a file whose outer names are wrong, so that what they hold is checked too. */
function outerItemsOf(content: unknown): { providers: unknown[]; models: unknown[] } {
  const record: Record<string, unknown> = typeof content === "object" && content !== null ? { ...content } : {};
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  return { providers: list(record.providers), models: list(record.models) };
}

class FileResolver {
  readonly #source: YamlSource;
  readonly #options: HeadraceFileOptions;

  constructor(source: YamlSource, options: HeadraceFileOptions) {
    this.#source = source;
    this.#options = options;
  }

  providers(items: readonly unknown[]): ProviderConfig[] {
    this.#reportTwins("providers", items);
    return items.flatMap((item, index) => {
      const checked = this.#source.check(providerSchema, ["providers", index], item);
      return checked === undefined ? [] : [this.#provider(checked, ["providers", index])];
    });
  }

  models(items: readonly unknown[], rawProviders: readonly unknown[], providers: readonly ProviderConfig[]) {
    this.#reportTwins("models", items);
    const knownNames = ["local", ...rawProviders.map(nameOf).filter((name) => name !== undefined)];
    return items.flatMap((item, index): ModelAlias[] => {
      const path = ["models", index];
      const checked = this.#source.check(modelSchema, path, item);
      if (checked === undefined) return [];
      if (!knownNames.includes(checked.provider)) this.#reportUnknownProvider(path, checked.provider, knownNames);
      const provider = providers.find(({ name }) => name === checked.provider);
      for (const [apiIndex, api] of (checked.apis ?? []).entries()) {
        if (provider === undefined || provider.apis.has(api)) continue;
        const remedy = `Add it to the \`apis\` of provider ${provider.name}, or remove it here`;
        this.#source.report([...path, "apis", apiIndex], `is not spoken by provider ${provider.name}`, remedy);
      }
      const { name, model = name, apis } = checked;
      return [{ name, provider: checked.provider, model, apis: apis === undefined ? undefined : new Set(apis) }];
    });
  }

  #provider(checked: z.output<typeof providerSchema>, path: readonly PropertyKey[]): ProviderConfig {
    const { upstreamConnectMs, upstreamFirstByteMs, upstreamIdleMs, upstreamWaitMs } = this.#options.limits;
    const headers = new Map<string, Secret>();
    for (const [name, value] of Object.entries(checked.headers ?? {})) {
      const at = [...path, "headers", name];
      const secret = typeof value === "string" ? new Secret(value) : this.#resolve(value, at);
      if (secret !== undefined && this.#fitsHeader(secret, at)) headers.set(name.toLowerCase(), secret);
    }
    const keyPath = [...path, "api_key"];
    const apiKey = checked.api_key === undefined ? undefined : this.#resolve(checked.api_key, keyPath);
    if (apiKey !== undefined) this.#fitsHeader(apiKey, keyPath);
    const baseUrl = new URL(checked.base_url);
    return {
      name: checked.name,
      baseUrl,
      apiKey,
      apis: new Set(checked.apis ?? ["chat", "embeddings"]),
      headers,
      timeouts: {
        connectMs: checked.timeouts?.connect_ms ?? upstreamConnectMs,
        firstByteMs: checked.timeouts?.first_byte_ms ?? upstreamFirstByteMs,
        idleMs: checked.timeouts?.idle_ms ?? upstreamIdleMs,
      },
      concurrency: checked.concurrency && {
        requests: checked.concurrency.requests,
        waiting: checked.concurrency.waiting ?? checked.concurrency.requests,
        waitMs: checked.concurrency.wait_ms ?? upstreamWaitMs,
      },
      behindProxy: this.#isBehindProxy(baseUrl),
    };
  }

  /** The text behind a reference, without the line break that editors put at a file's end. */
  #resolve(reference: SecretReference, path: readonly PropertyKey[]): Secret | undefined {
    if (reference.env !== undefined) {
      const value = settingValue(this.#options.environment, reference.env);
      if (value !== undefined) return new Secret(value);
      this.#source.report(path, `environment variable ${reference.env} is not set`, "Set it before the start");
      return undefined;
    }
    const file = resolve(dirname(this.#options.path), reference.file ?? "");
    try {
      const value = readFileSync(file, "utf8").trim();
      if (value !== "") return new Secret(value);
      this.#source.report(path, `file ${file} is empty`, "Write the value into it");
    } catch (error) {
      this.#source.report(path, `file ${file} can't be read (${errorCodeOf(error)})`, "Correct the path or its mode");
    }
    return undefined;
  }

  #fitsHeader(secret: Secret, path: readonly PropertyKey[]): boolean {
    if (/^[\x20-\x7e]+$/.test(secret.reveal())) return true;
    this.#source.report(path, "holds characters that no header may carry", "Use visible ASCII on one line");
    return false;
  }

  #reportTwins(list: "providers" | "models", items: readonly unknown[]): void {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const name = nameOf(item);
      if (name === undefined) continue;
      if (seen.has(name)) this.#source.report([list, index, "name"], `"${name}" is taken above`, "Choose another name");
      seen.add(name);
    }
  }

  #reportUnknownProvider(path: readonly PropertyKey[], name: string, known: readonly string[]): void {
    const nearest = nearestName(name, known);
    const remedy = nearest === undefined ? `Known: ${known.join(", ")}` : `Did you mean \`${nearest}\`?`;
    this.#source.report([...path, "provider"], `there is no provider "${name}"`, remedy);
  }

  #isBehindProxy(url: URL): boolean {
    const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
    return [name, name.toLowerCase()].some((each) => settingValue(this.#options.environment, each) !== undefined);
  }
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null || !("name" in item)) return undefined;
  return typeof item.name === "string" ? item.name : undefined;
}
