import type { Kysely } from "kysely";
import type { Tables } from "../database/tables.ts";
import type { KeyService } from "../identity/key-service.ts";

/** What the operator's rules need, over HTTP and on the command line alike. */
export type OperatorServices = {
  readonly db: Kysely<Tables>;
  readonly keys: KeyService;
  /** Takes changed keys in before the answer goes out; nothing to do where no server runs. */
  readonly refreshKeys: () => Promise<void>;
};
