import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import { inPlatform } from "../database/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { ChangeFeed } from "./change-feed.ts";
import { followChangeLog } from "./change-log-source.ts";
import { KeyDirectory } from "./key-directory.ts";
import { findKeys, keysTopic, listKeys } from "./key-store.ts";
import { TenantDirectory } from "./tenant-directory.ts";
import { organizationsTopic, projectsTopic, readOrganizationStates, readProjectStates } from "./tenant-state-store.ts";

/** How often the change log is looked at, in milliseconds: the time in which a revoked key is refused everywhere. */
const pollMs = 250;
const reloadMs = 60_000;
/** A directory that could not look at the change log for this long refuses all keys. In milliseconds. */
const ageMsMax = 10_000;

export type OpenKeyDirectory = {
  readonly directory: KeyDirectory;
  /** Milliseconds since the directory was last known to agree with the database. */
  readonly ageMs: () => number;
  /** Takes in what is committed by now. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
};

/** Loads all keys and keeps them in step with the database. */
export async function openKeyDirectory(options: {
  readonly db: Kysely<Tables>;
  /** HMAC-SHA256 of a key in hexadecimal digits, as `hashApiKey` gives its bytes. */
  readonly hash: (apiKey: string) => string;
  readonly onUsed: (keyId: string) => void;
  readonly acceptsUncheckedKeys: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<OpenKeyDirectory> {
  const { db } = options;
  let ageMs = (): number => 0;
  const tenants = new TenantDirectory();
  const directory = new KeyDirectory({
    tenants,
    hash: options.hash,
    clock: options.clock,
    onUsed: options.onUsed,
    acceptsUncheckedKeys: options.acceptsUncheckedKeys,
    ageMs: () => ageMs(),
    ageMsMax,
  });
  const feed = new ChangeFeed(
    followChangeLog(db),
    // In this order: a key is known only after its project, and a project after its organization.
    [
      {
        topic: organizationsTopic,
        apply: async (ids) =>
          tenants.updateOrganizations(await inPlatform(db, (transaction) => readOrganizationStates(transaction, ids))),
        reload: async () =>
          tenants.replaceOrganizations(await inPlatform(db, (transaction) => readOrganizationStates(transaction))),
      },
      {
        topic: projectsTopic,
        apply: async (ids) =>
          tenants.updateProjects(await inPlatform(db, (transaction) => readProjectStates(transaction, ids))),
        reload: async () =>
          tenants.replaceProjects(await inPlatform(db, (transaction) => readProjectStates(transaction))),
      },
      {
        topic: keysTopic,
        apply: async (ids) => directory.update(await inPlatform(db, (transaction) => findKeys(transaction, ids))),
        reload: async () => directory.replaceAll(await inPlatform(db, listKeys)),
      },
    ],
    { pollMs, reloadMs },
    options.logger,
  );
  ageMs = () => feed.ageMs();
  await feed.start();
  return { directory, ageMs, refresh: () => feed.refresh(), stop: () => feed.stop() };
}
