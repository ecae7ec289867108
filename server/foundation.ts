import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ModelLibrary } from "@headrace/engine/library/model-library.ts";
import type { AuditCommandParts } from "./audit/audit-command.ts";
import { deriveAuditSigningKey } from "./audit/signing-key.ts";
import { requireSameTime } from "./clock-check.ts";
import type { Config } from "./config/config.ts";
import { ConfigError } from "./config/config-error.ts";
import { fingerprintOfSecret, openSecretFile } from "./config/secret.ts";
import type { Secret } from "./config/secret-value.ts";
import { type DatabaseAddress, type OpenDatabase, openDatabase } from "./database/connect.ts";
import { isDatabaseUnavailable } from "./database/database-errors.ts";
import { acquireFolderLock } from "./database/embedded/folder-lock.ts";
import { EmbeddedDatabase } from "./database/embedded/supervisor.ts";
import { migrate } from "./database/migrate.ts";
import { deriveApiKeyHashKey } from "./identity/api-key.ts";
import { ensureFirstIdentity, type FirstKeys } from "./identity/first-start.ts";
import { agreeOnFact } from "./identity/installation-store.ts";
import { deriveInviteHashKey } from "./identity/invite-token.ts";
import { KeyService } from "./identity/key-service.ts";
import { deriveReasoningSealKey } from "./inference/reasoning-seal.ts";
import { systemClock } from "./ports/clock.ts";
import type { Logger } from "./ports/logger.ts";

/** What a data folder holds, opened: the server stands on it, and a command that runs without a server too. */
export type Foundation = AsyncDisposable & {
  readonly database: OpenDatabase;
  readonly embedded: EmbeddedDatabase | undefined;
  readonly hashKey: Uint8Array;
  readonly inviteHashKey: Uint8Array;
  /** For what callers keep sealed, see `ReasoningSealer`. */
  readonly sealKey: Uint8Array;
  readonly keys: KeyService;
  readonly library: ModelLibrary;
  readonly audit: AuditCommandParts;
  /** Set at the first start alone. */
  readonly firstKeys: FirstKeys | undefined;
};

/**
 * Locks the data folder, opens the database, brings its schema up to date and sees to the first keys.
 * @throws FolderInUseError where another process has the folder.
 */
export async function openFoundation(config: Config, logger: Logger): Promise<Foundation> {
  await using parts = new AsyncDisposableStack();
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 });
  const lock = await acquireFolderLock(config.dataFolder);
  parts.defer(() => lock.release());
  const secret = rootSecret(config);
  const embedded = await openEmbedded(config, logger, parts);
  const address = addressOf(config, embedded);
  await bringUpToDate(address, logger).catch(explainUnreachable);
  const database = openDatabase(address);
  parts.defer(() => database.close());
  await requireSameSecret(database, secret);
  await requireSameTime(database, systemClock, logger);
  const hashKey = deriveApiKeyHashKey(secret);
  const keys = new KeyService(database.db, hashKey);
  const firstKeys = await ensureFirstIdentity(database.db, keys, revealed(config), config.dataFolder);
  const { huggingFaceUrl, pypiIndexUrl } = config.modelSources;
  const library = new ModelLibrary({
    folder: join(config.dataFolder, "models"),
    locations: { huggingFaceUrl: huggingFaceUrl.href, packageIndexUrl: pypiIndexUrl.href },
  });
  const audit = {
    db: database.db,
    signingKey: deriveAuditSigningKey(secret),
    checkpointsPath: join(config.dataFolder, "audit-checkpoints.jsonl"),
  };
  const owned = parts.move();
  return {
    database,
    embedded,
    hashKey,
    inviteHashKey: deriveInviteHashKey(secret),
    sealKey: deriveReasoningSealKey(secret),
    keys,
    library,
    audit,
    firstKeys,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** With another secret no stored key would be known any more: better to say so than to refuse everybody. */
async function requireSameSecret({ db }: OpenDatabase, secret: Secret): Promise<void> {
  const fingerprint = fingerprintOfSecret(secret);
  if ((await agreeOnFact(db, "secret_fingerprint", fingerprint)) === fingerprint) return;
  throw new ConfigError([
    {
      name: "HEADRACE_SECRET",
      problem: "is not the one that this database was made with",
      remedy: "Give every process the same secret, the one of the first start (HEADRACE_SECRET, or <data>/secret)",
    },
  ]);
}

function rootSecret(config: Config): Secret {
  return config.rootSecret.kind === "given" ? config.rootSecret.secret : openSecretFile(config.dataFolder);
}

async function openEmbedded(
  config: Config,
  logger: Logger,
  parts: AsyncDisposableStack,
): Promise<EmbeddedDatabase | undefined> {
  if (config.database.kind !== "embedded") return undefined;
  const embedded = await EmbeddedDatabase.start({ dataFolder: config.dataFolder, logger });
  parts.defer(() => embedded.stop());
  return embedded;
}

function addressOf(config: Config, embedded: EmbeddedDatabase | undefined): DatabaseAddress {
  if (config.database.kind === "postgres") return { kind: "postgres", url: config.database.url.reveal() };
  if (embedded === undefined) throw new Error("The embedded database was not started.");
  return { kind: "embedded", socketPath: embedded.socketPath };
}

async function bringUpToDate(address: DatabaseAddress, logger: Logger): Promise<void> {
  const owner = openDatabase(address, { as: "owner", connectionsMax: 1 });
  try {
    const applied = await migrate(owner.db);
    if (applied.length > 0) logger.log("info", "brought the database up to date", { migrations: applied });
  } finally {
    await owner.close();
  }
}

/** The first statement of a start tells whether the database is there at all. */
function explainUnreachable(error: unknown): never {
  if (!isDatabaseUnavailable(error)) throw error;
  throw new ConfigError([
    {
      name: "HEADRACE_DATABASE_URL",
      problem: `names a database that can't be reached (${error instanceof Error ? error.message : String(error)})`,
      remedy: "Start it, or correct the URL; the address, the user and the password have to fit",
    },
  ]);
}

function revealed({ firstKeys }: Config): Partial<FirstKeys> {
  const entries = Object.entries(firstKeys).flatMap(([kind, secret]) => (secret ? [[kind, secret.reveal()]] : []));
  return Object.fromEntries(entries) as Partial<FirstKeys>;
}
