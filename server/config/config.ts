import { join, resolve } from "node:path";
import { isAddressBlock } from "@headrace/contract/common/address-block.ts";
import { pipIndexUrl } from "@headrace/engine/library/pip-settings.ts";
import type { LogLevel } from "../ports/logger.ts";
import { ConfigError } from "./config-error.ts";
import { type Environment, type SettingName, settingValue } from "./environment.ts";
import { type HeadraceFile, readHeadraceFile } from "./headrace-yaml.ts";
import { type Limits, limitsWith } from "./limits.ts";
import { type MailSettings, readMail } from "./mail-settings.ts";
import { isHost } from "./network-names.ts";
import { reportRefusedSettings } from "./refused-settings.ts";
import { readSecretFile, secretCharactersMin, weaknessOfSecret } from "./secret.ts";
import { Secret } from "./secret-value.ts";
import { SettingReader } from "./setting-reader.ts";

/** Everything that is decided from outside, decided once. Code below never asks the environment again. */
export type Config = {
  /** Port 0 lets the system choose one, for tests. */
  readonly listen: { readonly host: string; readonly port: number };
  /** What clients see, without a slash at its end; undefined: the address that the server listens on. */
  readonly publicUrl: string | undefined;
  /** Whose forwarded headers count: addresses and blocks of addresses. */
  readonly trustedProxies: readonly string[];
  /** Absolute. */
  readonly dataFolder: string;
  readonly rootSecret: RootSecretSource;
  readonly database: DatabaseChoice;
  readonly firstKeys: FirstKeys;
  readonly models: ModelChoice;
  /** May hold a user and a password. */
  readonly modelSources: { readonly huggingFaceUrl: URL; readonly pypiIndexUrl: URL };
  readonly engine: EngineSettings;
  readonly mail: MailSettings;
  readonly log: { readonly level: LogLevel };
  /** How long requests are still taken after SIGTERM, while balancers learn from `/readyz` to send them elsewhere. */
  readonly drainMs: number;
  readonly file: HeadraceFile;
  readonly limits: Limits;
};

/** `data-folder`: read, or at the first start made, by `openSecretFile(dataFolder)`. */
export type RootSecretSource = { readonly kind: "given"; readonly secret: Secret } | { readonly kind: "data-folder" };

export type DatabaseChoice =
  | { readonly kind: "embedded"; readonly folder: string }
  | { readonly kind: "postgres"; readonly url: Secret };

/** Keys that the operator fixed; undefined ones are made at the first start. */
export type FirstKeys = {
  readonly operator: Secret | undefined;
  readonly admin: Secret | undefined;
  readonly project: Secret | undefined;
};

/** Which local models to have at start. */
export type ModelChoice =
  | { readonly kind: "default" }
  | { readonly kind: "none" }
  | { readonly kind: "list"; readonly names: readonly string[] };

/** What is undefined is chosen by the engine from the machine. */
export type EngineSettings = {
  readonly threads: number | undefined;
  /** Mebibytes that loaded models may take together. */
  readonly memoryMb: number | undefined;
  /** Requests that one model answers at the same time. */
  readonly parallel: number | undefined;
  /** Seconds without a request after which a model is unloaded; 0: never. */
  readonly idleSeconds: number | undefined;
};

/**
 * Turns the environment and headrace.yaml into a Config. Reads files, writes none.
 * @throws ConfigError with every problem that was found.
 */
export function loadConfig(environment: Environment, cwd: string, limitOverrides: Partial<Limits> = {}): Config {
  const reader = new SettingReader(environment);
  const limits = limitsWith({ ...readShutdown(reader), ...limitOverrides });
  reportRefusedSettings(environment, reader);
  const dataFolder = resolve(cwd, reader.text("HEADRACE_DATA") ?? ".headrace");
  const config: Config = {
    listen: readListen(reader),
    publicUrl: readPublicUrl(reader),
    trustedProxies: readTrustedProxies(reader),
    dataFolder,
    rootSecret: readRootSecret(reader, dataFolder),
    database: readDatabase(reader, dataFolder),
    firstKeys: readFirstKeys(reader),
    models: readModels(reader),
    modelSources: readModelSources(environment, reader),
    engine: readEngine(reader),
    mail: readMail(reader, dataFolder),
    log: { level: reader.oneOf("HEADRACE_LOG", ["debug", "info", "warn", "error"]) ?? "info" },
    drainMs: readDrainMs(reader),
    file: readFile(environment, reader, cwd, limits),
    limits,
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

function readListen(reader: SettingReader): Config["listen"] {
  const host = reader.text("HEADRACE_HOST") ?? "127.0.0.1";
  if (!isHost(host)) {
    reader.report("HEADRACE_HOST", "is not a host name or an address", "Set it to 127.0.0.1, 0.0.0.0, :: or a name");
  }
  // What Kubernetes puts here is reported with the other service links.
  const linked = reader.text("HEADRACE_PORT")?.startsWith("tcp://") === true;
  return { host, port: (linked ? undefined : reader.integer("HEADRACE_PORT", 0, 65535)) ?? 4777 };
}

function readPublicUrl(reader: SettingReader): string | undefined {
  const url = reader.url("HEADRACE_PUBLIC_URL", ["http:", "https:"]);
  if (url === undefined) return undefined;
  const isOrigin = url.pathname === "/" && url.search === "" && url.hash === "" && url.username + url.password === "";
  if (!isOrigin) {
    reader.report("HEADRACE_PUBLIC_URL", "holds more than scheme, host and port", "Write it as https://ai.example.org");
  }
  return url.origin;
}

function readTrustedProxies(reader: SettingReader): readonly string[] {
  const isBlock = (part: string) => (isAddressBlock(part) ? part : undefined);
  return reader.list("HEADRACE_TRUSTED_PROXIES", isBlock, "an address or a block such as 10.0.0.0/8");
}

function readRootSecret(reader: SettingReader, dataFolder: string): RootSecretSource {
  const remedy = "Make one with `openssl rand -base64 48`, and give the same to every process";
  const text = reader.text("HEADRACE_SECRET");
  if (text !== undefined) {
    const weakness = weaknessOfSecret(text);
    if (weakness !== undefined) reader.report("HEADRACE_SECRET", weakness, remedy);
    return { kind: "given", secret: new Secret(text) };
  }
  const state = readSecretFile(join(dataFolder, "secret"));
  if (state.kind === "unusable") {
    const restore = "Restore the file from a backup with mode 0600: keys made with another secret won't be known";
    reader.report(join(dataFolder, "secret"), state.problem, restore);
  }
  return { kind: "data-folder" };
}

function readDatabase(reader: SettingReader, dataFolder: string): DatabaseChoice {
  const name = "HEADRACE_DATABASE_URL";
  const text = reader.text(name);
  if (text === undefined) return { kind: "embedded", folder: join(dataFolder, "database") };
  reader.url(name, ["postgres:", "postgresql:"]);
  return { kind: "postgres", url: new Secret(text) };
}

function readFirstKeys(reader: SettingReader): FirstKeys {
  const seen = new Map<string, SettingName>();
  const read = (name: SettingName): Secret | undefined => {
    const text = reader.text(name);
    if (text === undefined) return undefined;
    if (text.length < secretCharactersMin) {
      const problem = `has ${text.length} characters and needs at least ${secretCharactersMin}`;
      reader.report(name, problem, "Make one with `openssl rand -hex 32`");
    } else if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(text)) {
      reader.report(name, "can't be sent in a header", "Use visible ASCII characters, no spaces and no commas");
    }
    const twin = seen.get(text);
    if (twin !== undefined) reader.report(name, `is the same as ${twin}`, "Give each its own value");
    seen.set(text, name);
    return new Secret(text);
  };
  const secret = reader.text("HEADRACE_SECRET");
  if (secret !== undefined) seen.set(secret, "HEADRACE_SECRET");
  return {
    operator: read("HEADRACE_OPERATOR_KEY"),
    admin: read("HEADRACE_BOOTSTRAP_ADMIN_KEY"),
    project: read("HEADRACE_BOOTSTRAP_KEY"),
  };
}

function readModels(reader: SettingReader): ModelChoice {
  const text = reader.text("HEADRACE_MODELS") ?? "default";
  if (text === "default" || text === "none") return { kind: text };
  const isName = (part: string) => (/^[\w.:/-]{1,128}$/.test(part) ? part : undefined);
  const names = [...new Set(reader.list("HEADRACE_MODELS", isName, "a model's name"))];
  const mixed = names.find((name) => name === "default" || name === "none");
  if (mixed !== undefined) {
    reader.report("HEADRACE_MODELS", `mixes "${mixed}" with other names`, `Set it to ${mixed} alone, or name models`);
  }
  return { kind: "list", names };
}

function readModelSources(environment: Environment, reader: SettingReader): Config["modelSources"] {
  const first = (names: readonly string[], fallback: string): URL => {
    const name = names.find((each) => settingValue(environment, each) !== undefined);
    const url = name === undefined ? undefined : reader.url(name, ["http:", "https:"]);
    return url ?? new URL(fallback);
  };
  return {
    huggingFaceUrl: first(["HEADRACE_HUGGINGFACE_URL", "HF_ENDPOINT"], "https://huggingface.co"),
    pypiIndexUrl: first(["HEADRACE_PYPI_URL", "PIP_INDEX_URL"], pipIndexUrl(environment) ?? "https://pypi.org/simple"),
  };
}

function readEngine(reader: SettingReader): EngineSettings {
  return {
    threads: reader.integer("HEADRACE_ENGINE_THREADS", 1, 1024),
    memoryMb: reader.integer("HEADRACE_ENGINE_MEMORY_MB", 128, 16_777_216),
    parallel: reader.integer("HEADRACE_ENGINE_PARALLEL", 1, 256),
    idleSeconds: reader.integer("HEADRACE_ENGINE_IDLE_SECONDS", 0, 604_800),
  };
}

function readShutdown(reader: SettingReader): Partial<Limits> {
  const seconds = reader.integer("HEADRACE_SHUTDOWN_SECONDS", 1, 86_400);
  return seconds === undefined ? {} : { shutdownGraceMs: seconds * 1000 };
}

/** A balancer that looks every two seconds has looked twice. */
const drainSecondsDefault = 5;

/** On the embedded database this process is the only one: requests that it does not take have nowhere to go. */
function readDrainMs(reader: SettingReader): number {
  const isAlone = reader.text("HEADRACE_DATABASE_URL") === undefined;
  return (reader.integer("HEADRACE_DRAIN_SECONDS", 0, 3_600) ?? (isAlone ? 0 : drainSecondsDefault)) * 1000;
}

function readFile(environment: Environment, reader: SettingReader, cwd: string, limits: Limits): HeadraceFile {
  const named = reader.text("HEADRACE_CONFIG");
  const { file, problems } = readHeadraceFile({
    path: resolve(cwd, named ?? "headrace.yaml"),
    required: named !== undefined,
    environment,
    limits,
  });
  reader.problems.push(...problems);
  return file;
}
