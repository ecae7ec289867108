import type { OrganizationDataRetention, ProjectDataRetention } from "@headrace/contract/admin/data-retention.ts";
import type { ColumnType, Generated } from "kysely";

/** `timestamptz`: read as Date, written as Date or ISO string. */
type Timestamp = ColumnType<Date, Date | string, Date | string>;
type NullableTimestamp = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type CreatedAt = ColumnType<Date, Date | string | undefined, never>;
/** `date`: read as Date at midnight UTC, written as `YYYY-MM-DD`. */
type Day = ColumnType<Date, string, never>;
/** `bigint` and `xid8`: read as decimal string. */
type BigInteger = ColumnType<string, string | number | bigint, string | number | bigint>;
type NullableBigInteger = ColumnType<string | null, number | null | undefined, number | null>;
type Nullable<Type> = ColumnType<Type | null, Type | null | undefined, Type | null>;

export type OrganizationsTable = {
  id: string;
  name: string;
  status: ColumnType<"active" | "suspended", "active" | "suspended" | undefined, "active" | "suspended">;
  created_at: CreatedAt;
};

export type ProjectsTable = {
  id: string;
  organization_id: string;
  name: string;
  status: ColumnType<"active" | "archived", "active" | "archived" | undefined, "active" | "archived">;
  created_at: CreatedAt;
  archived_at: NullableTimestamp;
};

export type ApiKeyKind = "project" | "service_account" | "admin" | "operator";

export type ApiKeysTable = {
  id: string;
  kind: ApiKeyKind;
  /** Null for an operator's key only. */
  organization_id: Nullable<string>;
  /** Set for the kinds `project` and `service_account` only. */
  project_id: Nullable<string>;
  name: string;
  /** HMAC-SHA256 of the key. */
  hash: Uint8Array;
  redacted: string;
  /** Whose key it is, for the kind `service_account`. */
  service_account_id: Nullable<string>;
  /** Whose key it is, for the kind `project`; null where it belongs to nobody. */
  user_id: Nullable<string>;
  /** Null means all scopes. */
  scopes: Nullable<string[]>;
  /** Null means all that its project may ask. */
  allowed_models: Nullable<string[]>;
  /** Addresses and blocks of addresses; null means any. */
  allowed_addresses: Nullable<string[]>;
  /** The key that was made in its place. */
  replaced_by: Nullable<string>;
  created_at: CreatedAt;
  last_used_at: NullableTimestamp;
  expires_at: NullableTimestamp;
  revoked_at: NullableTimestamp;
};

export type ServiceAccountsTable = {
  id: string;
  organization_id: string;
  project_id: string;
  name: string;
  role: "owner" | "member" | "none";
  created_at: CreatedAt;
};

export type OrganizationSettingsTable = { organization_id: string; data_retention: OrganizationDataRetention["type"] };

export type ProjectSettingsTable = {
  project_id: string;
  organization_id: string;
  /** Null means every model. */
  model_mode: Nullable<"allow_list" | "deny_list">;
  model_ids: string[];
  hosted_tools_off: string[];
  service_tier_default: "standard" | "fast" | "scale";
  /** Null means every tier. */
  service_tiers_enabled: Nullable<string[]>;
  data_retention: ProjectDataRetention["type"];
};

/** Null means that nobody has set this limit. */
export type ProjectRateLimitsTable = {
  project_id: string;
  organization_id: string;
  model: string;
  max_requests_per_1_minute: NullableBigInteger;
  max_tokens_per_1_minute: NullableBigInteger;
  max_images_per_1_minute: NullableBigInteger;
  max_audio_megabytes_per_1_minute: NullableBigInteger;
  max_requests_per_1_day: NullableBigInteger;
  batch_1_day_max_input_tokens: NullableBigInteger;
};

export type ResponsesTable = {
  id: string;
  organization_id: string;
  project_id: string;
  created_at: CreatedAt;
  status: string;
  model: string;
  previous_response_id: Nullable<string>;
  /** JSON text: exact, and never parsed by the database. */
  body: string;
  /** JSON text of an array. */
  input_items: string;
  /** Set where the response was made in a conversation: its items then stand in `conversation_items`. */
  conversation_id: Nullable<string>;
  /** Whether its stream was logged: the log itself is dropped after a while. */
  streamed: ColumnType<boolean, boolean | undefined, boolean>;
};

/** A background response from its creation to its end; whoever deletes the row has ended it. */
export type BackgroundResponsesTable = {
  response_id: string;
  organization_id: string;
  project_id: string;
  key_id: string;
  request_id: string;
  /** JSON text: the request's body without its input, which stands with the response. */
  request: string;
  /** The process that runs it; null where it was handed over and nobody has it yet. */
  holder: Nullable<string>;
  /** Named by every write of the holder; raised by who takes it over. */
  fence: ColumnType<number, number | undefined, number>;
  /** 1 for the first run. */
  attempt: ColumnType<number, number | undefined, number>;
  leased_until: Timestamp;
  /** The sequence number of the last event in the log; -1 before the first. */
  logged_through: ColumnType<number, number | undefined, number>;
  /** Whether nothing was told or done yet that a second run could contradict or repeat. */
  may_restart: ColumnType<boolean, boolean | undefined, boolean>;
  created_at: CreatedAt;
};

/** Chunks of streams: whole frames, compressed. */
export type ResponseLogTable = {
  response_id: string;
  first_sequence: number;
  last_sequence: number;
  /** Whether the stream ends with it. */
  is_last: boolean;
  organization_id: string;
  project_id: string;
  bytes: Uint8Array;
  created_at: CreatedAt;
};

export type ConversationsTable = {
  id: string;
  organization_id: string;
  project_id: string;
  created_at: CreatedAt;
  /** JSON text of an object. */
  metadata: string;
  /** The request that answers in the conversation now; it alone may change the items until `held_until`. */
  held_by: Nullable<string>;
  held_until: NullableTimestamp;
};

export type ConversationItemsTable = {
  /** The order of a conversation, and of a response. */
  number: Generated<string>;
  organization_id: string;
  project_id: string;
  /** Null where the item is in no conversation any more. */
  conversation_id: Nullable<string>;
  /** The stored response that read or wrote it; null where there is none. */
  response_id: Nullable<string>;
  is_output: boolean;
  /** Unique within its conversation. */
  id: string;
  /** JSON text. */
  body: string;
};

export type ChatCompletionsTable = {
  id: string;
  organization_id: string;
  project_id: string;
  created_at: CreatedAt;
  /** The name by which the caller asked for it. */
  model: string;
  /** Each the JSON text of a key and its value. */
  metadata_pairs: string[];
  /** JSON text. */
  body: string;
  /** JSON text of an array. */
  messages: string;
};

export type UsageEventsTable = {
  /** From the time-ordered request id; its partition must exist (`headrace_ensure_usage_partition`). */
  day: Day;
  request_id: string;
  attempt: number;
  meter: string;
  quantity: BigInteger;
  organization_id: string;
  project_id: string;
  key_id: string;
  operation: string;
  model: string;
  upstream: string;
  status: string;
  estimated: boolean;
  started_at: Timestamp;
  latency_ms: number;
  time_to_first_token_ms: Nullable<number>;
};

export type ChangeLogTable = {
  sequence: Generated<string>;
  transaction_id: Generated<string>;
  topic: string;
  key: string;
  created_at: CreatedAt;
};

export type IdempotencyKeysTable = {
  organization_id: string;
  project_id: string;
  operation: string;
  key: string;
  request_hash: Uint8Array;
  state: "running" | "done";
  status: Nullable<number>;
  /** Pass and get the object itself. */
  headers: Nullable<Record<string, string>>;
  body: Nullable<Uint8Array>;
  /** When it was claimed last: the holder's fence. */
  created_at: ColumnType<Date, Date | string | undefined, Date>;
  expires_at: Timestamp;
};

export type InstallationTable = { name: string; value: string };

export type AuditChainsTable = {
  organization_id: string;
  /** Of the newest event; 0 before the first. */
  sequence: ColumnType<string, number | undefined, number>;
  hash: ColumnType<Uint8Array, Uint8Array | undefined, Uint8Array>;
  /** Of the newest checkpoint; 0 before the first. */
  checkpoint_sequence: ColumnType<string, number | undefined, number>;
};

/** Append only; all of a row but `hash` itself is what `hash` covers (audit/chain.ts). */
export type AuditLogTable = {
  organization_id: string;
  sequence: BigInteger;
  /** The version of the rules by which `hash` was made. */
  encoding: number;
  id: string;
  type: string;
  effective_at_ms: BigInteger;
  /** JSON text. */
  actor: string;
  actor_ids: ColumnType<string[], never, never>;
  actor_emails: ColumnType<string[], never, never>;
  project_id: Nullable<string>;
  project_name: Nullable<string>;
  resource_ids: ColumnType<string[], never, never>;
  /** JSON text. */
  payload: string;
  previous_hash: Uint8Array;
  hash: Uint8Array;
};

export type AuditCheckpointsTable = {
  organization_id: string;
  sequence: BigInteger;
  hash: Uint8Array;
  previous_sequence: BigInteger;
  created_at_ms: BigInteger;
  signature: Uint8Array;
};

/** People, each by one address; only the platform's scope sees them. */
export type UsersTable = {
  id: string;
  /** The address in lower case. */
  email_key: string;
  created_at: CreatedAt;
};

/** A person in an organization, with the address and the name that the person has there. */
export type OrganizationMembersTable = {
  organization_id: string;
  user_id: string;
  email: string;
  email_key: string;
  name: string;
  role: "owner" | "reader";
  developer_persona: Nullable<string>;
  technical_level: Nullable<string>;
  created_at: CreatedAt;
};

export type ProjectMembersTable = {
  organization_id: string;
  project_id: string;
  user_id: string;
  role: "owner" | "member";
  created_at: CreatedAt;
};

export type InvitesTable = {
  id: string;
  organization_id: string;
  email: string;
  email_key: string;
  role: "owner" | "reader";
  /** JSON text of an array of `{ id, role }`. */
  projects: string;
  /** HMAC-SHA256 of the token. */
  token_hash: Uint8Array;
  created_at: CreatedAt;
  expires_at: Timestamp;
  accepted_at: NullableTimestamp;
};

/** All tables that the application may use; migrations/ is where they come from. */
export type Tables = {
  organizations: OrganizationsTable;
  projects: ProjectsTable;
  api_keys: ApiKeysTable;
  service_accounts: ServiceAccountsTable;
  organization_settings: OrganizationSettingsTable;
  project_settings: ProjectSettingsTable;
  project_rate_limits: ProjectRateLimitsTable;
  responses: ResponsesTable;
  background_responses: BackgroundResponsesTable;
  response_log: ResponseLogTable;
  chat_completions: ChatCompletionsTable;
  conversations: ConversationsTable;
  conversation_items: ConversationItemsTable;
  usage_events: UsageEventsTable;
  change_log: ChangeLogTable;
  idempotency_keys: IdempotencyKeysTable;
  installation: InstallationTable;
  audit_chains: AuditChainsTable;
  audit_log: AuditLogTable;
  audit_checkpoints: AuditCheckpointsTable;

  users: UsersTable;
  organization_members: OrganizationMembersTable;
  project_members: ProjectMembersTable;
  invites: InvitesTable;
};
