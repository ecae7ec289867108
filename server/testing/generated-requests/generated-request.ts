import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { type OperationId, operations } from "@headrace/contract/operations.ts";
import fc from "fast-check";
import { hostileJson } from "./hostile-json.ts";
import { foreignPlace, type IdName, idNames, place } from "./places.ts";
import { type Hints, SchemaArbitraries } from "./schema-arbitrary.ts";
import { boundsOf } from "./schema-bounds.ts";

/** Whose key a request carries. */
export type Credential = "right" | "none" | "of another kind" | "unknown";

/** Whether it is sent once, twice at the same time, or by a client that leaves so many milliseconds later. */
export type Manner = { readonly kind: "once" | "twice" } | { readonly kind: "leaves"; readonly afterMs: number };

/** A request whose ids are still places. */
export type GeneratedRequest = {
  readonly operation: OperationId;
  readonly method: string;
  /** What was spoilt of a good request; undefined where nothing was. */
  readonly spoilt: string | undefined;
  readonly path: string;
  /** With its leading `?`, or empty. */
  readonly query: string;
  readonly body: string | undefined;
  /** `latin1` sends bytes that are no UTF-8. */
  readonly encoding: "utf8" | "latin1";
  readonly headers: Readonly<Record<string, string>>;
  readonly credential: Credential;
  readonly manner: Manner;
};

/** The models of the server that requests are generated for, the one that can do everything first. */
export const modelNames = ["every-api", "chat-only", "responses-only"] as const;

/** A model whose answer takes a moment, for what only a running response can be asked. */
export const slowModelName = "slow";

/** Around the time that most answers take. */
const leavesAfterMsMax = 15;

const modelName = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...modelNames) },
  { weight: 1, arbitrary: fc.constant("no-such-model") },
);
const cursor = fc.oneof(...idNames.map((name) => place(name)), fc.constantFrom("", "nobody-has-this"));

const hints: Hints = {
  model: modelName,
  models: modelName,
  model_ids: modelName,
  after: cursor,
  before: cursor,
  previous_response_id: place("response_id"),
  conversation: place("conversation_id"),
  "conversation.id": place("conversation_id"),
  "projects.id": place("project_id"),
  "input.id": fc.oneof(place("item_id"), fc.string({ minLength: 1, maxLength: 20 })),
  user_id: place("user_id"),
  token: place("invite_token"),
  project_ids: place("project_id"),
  ip_addresses: fc.constantFrom("127.0.0.1", "127.0.0.0/8", "::1", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"),
  scopes: fc.constantFrom(
    "api.all.read",
    "api.model.read",
    "api.model.request",
    "api.responses.write",
    "no.such_scope",
  ),
  // A chain goes on with what it stored.
  store: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
};

const schemas = new SchemaArbitraries(hints, ["model", "input", "store", "background", "user_id"]);

const oddIds = [
  "x",
  "%20",
  "%00",
  "%2e%2e%2f",
  "%f0%9f%91%a9",
  "%ff",
  "a/b",
  "a%2Fb",
  "a".repeat(257),
  "__proto__",
  "%27%20or%201%3D1",
  "~",
  "null",
];
const oddQueries = [
  "?",
  "?&&=&",
  "?nobody_has_this=1",
  "?limit=0",
  "?limit=-1",
  "?limit=1e3",
  "?limit=9007199254740993",
  "?limit=",
  "?limit=1&limit=2",
  "?limit[]=1",
  "?limit[a]=1",
  "?after=%00",
  "?after=%ff",
  "?after=a%20b",
  "?after[a]=1&after=2",
  `?after=${"a".repeat(5_000)}`,
  "?order=sideways",
  "?order[]=asc&order[]=desc",
  "?__proto__[polluted]=1",
  "?constructor[prototype]=1",
  "?stream=maybe",
  `?${"a=1&".repeat(1_100)}`,
  "?include[]=nobody-has-this",
  "?effective_at[gt]=x",
  "?metadata[a]=%00",
  "?%",
];
const oddHeaders: readonly Readonly<Record<string, string>>[] = [
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-type": "APPLICATION/JSON" },
  { "content-type": "application/json;" },
  { "content-encoding": "gzip" },
  { "content-encoding": "identity" },
  { "idempotency-key": "the-same-for-all" },
  { "idempotency-key": "\u00e9" },
  { "idempotency-key": "x".repeat(256) },
  { "openai-organization": "org-nobody" },
  { "openai-project": "proj_nobody" },
  { accept: "text/html" },
  { "x-forwarded-for": "::1, nonsense, 10.0.0.1" },
  { "user-agent": "x".repeat(4_000) },
  { "x-api-key": "sk-proj-another" },
  { range: "bytes=0-1", "if-none-match": "*" },
  { cookie: "a=b", origin: "null" },
  { "x-request-id": "mine\u00ff", "x-client-request-id": "mine" },
];

/** Requests of one operation that its contract allows. */
export function goodRequests(id: OperationId): fc.Arbitrary<GeneratedRequest> {
  const operation: OperationDefinition = operations[id];
  const path = fc.tuple(...placesOfPath(operation).map((name) => valueOfPath(operation, name)));
  const query = operation.query ? schemas.of(operation.query).map(writeQuery) : fc.constant("");
  const body = operation.body
    ? schemas.of(operation.body).map((value) => JSON.stringify(value))
    : fc.constant(undefined);
  return fc.record({
    operation: fc.constant(id),
    method: fc.constant(operation.method),
    spoilt: fc.constant(undefined),
    path: path.map((values) => fillPath(operation, values)),
    query,
    body,
    encoding: fc.constant("utf8" as const),
    headers: headersOf(operation),
    credential: fc.constant("right" as const),
    manner: fc.constant({ kind: "once" } as const),
  });
}

/** The same requests, now and then sent in another manner. */
export function inAnyManner(requests: fc.Arbitrary<GeneratedRequest>): fc.Arbitrary<GeneratedRequest> {
  const manner: fc.Arbitrary<Manner> = fc.oneof(
    { weight: 8, arbitrary: fc.constant({ kind: "once" } as const) },
    { weight: 2, arbitrary: fc.constant({ kind: "twice" } as const) },
    { weight: 1, arbitrary: fc.nat(leavesAfterMsMax).map((afterMs) => ({ kind: "leaves", afterMs }) as const) },
  );
  return fc.tuple(requests, manner).map(([request, chosen]) => ({ ...request, manner: chosen }));
}

function headersOf({ body, method, scope }: OperationDefinition): fc.Arbitrary<Readonly<Record<string, string>>> {
  const plain: Readonly<Record<string, string>> = body ? { "content-type": "application/json" } : {};
  if (method !== "POST" || scope === "public" || scope === "headrace.operate") return fc.constant(plain);
  const once = fc.nat(5).map((key) => ({ ...plain, "idempotency-key": String(key) }));
  return fc.oneof({ weight: 9, arbitrary: fc.constant(plain) }, { weight: 1, arbitrary: once });
}

/** Requests of one operation with one thing spoilt, which may be harmless. */
export function spoiltRequests(id: OperationId): fc.Arbitrary<GeneratedRequest> {
  const operation: OperationDefinition = operations[id];
  const good = goodRequests(id);
  const spoil = (spoilt: string, change: fc.Arbitrary<Partial<GeneratedRequest>>): fc.Arbitrary<GeneratedRequest> =>
    fc.tuple(good, change).map(([request, changed]) => ({ ...request, spoilt, ...changed }));
  const ways = [
    {
      weight: 2,
      arbitrary: spoil(
        "query",
        fc.constantFrom(...oddQueries).map((query) => ({ query })),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(good, fc.constantFrom(...oddHeaders))
        .map(([request, odd]) => ({ ...request, spoilt: "headers", headers: { ...request.headers, ...odd } })),
    },
    {
      weight: 1,
      arbitrary: spoil(
        "key",
        fc.constantFrom("none", "of another kind", "unknown").map((credential) => ({ credential }) as const),
      ),
    },
  ];
  ways.push({
    weight: 1,
    arbitrary: spoil(
      "method",
      fc.constantFrom("PUT", "PATCH").map((method) => ({ method })),
    ),
  });
  const names = placesOfPath(operation);
  if (names.length > 0) {
    const ids = fc.tuple(...names.map((name) => fc.oneof(valueOfPath(operation, name), oddId(operation, name))));
    ways.push({
      weight: 3,
      arbitrary: spoil(
        "path",
        ids.map((values) => ({ path: fillPath(operation, values) })),
      ),
    });
  }
  if (operation.body) {
    const texts = hostileJson(schemas.of(operation.body), boundsOf(operation.body));
    ways.push({
      weight: 9,
      arbitrary: spoil(
        "body",
        texts.map((body) => ({ body })),
      ),
    });
    const bytes = fc.constantFrom(
      '{"\u00ff":1}',
      '"\u00c0\u0080"',
      "\u00ef\u00bb\u00bf{}",
      '{"model":"\u00ed\u00a0\u0080"}',
    );
    ways.push({
      weight: 1,
      arbitrary: spoil(
        "bytes",
        bytes.map((body) => ({ body, encoding: "latin1" })),
      ),
    });
  }
  return fc.oneof(...ways);
}

function placesOfPath({ path }: OperationDefinition): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
}

function fillPath({ path }: OperationDefinition, values: readonly string[]): string {
  let index = 0;
  return path.replace(/\{\w+\}/g, () => values[index++] ?? "");
}

function idNameOf({ path }: OperationDefinition, name: string): IdName | undefined {
  if (name === "key_id" && path.startsWith("/headrace/v1/operator_api_keys")) return "operator_key_id";
  return idNames.find((one) => one === name);
}

function valueOfPath(operation: OperationDefinition, name: string): fc.Arbitrary<string> {
  if (name === "model") return modelName;
  if (name === "rate_limit_id") return modelName.map((model) => `rl-${model}`);
  const idName = idNameOf(operation, name);
  if (idName === undefined) throw new Error(`nothing is known of the ${name} in ${operation.path}`);
  return place(idName);
}

function oddId(operation: OperationDefinition, name: string): fc.Arbitrary<string> {
  const idName = idNameOf(operation, name);
  const odd = fc.constantFrom(...oddIds);
  return idName === undefined ? odd : fc.oneof(odd, fc.constant(foreignPlace(idName)));
}

/** As OpenAI's SDKs write a query. */
function writeQuery(value: unknown): string {
  const pairs = Object.entries(Object(value)).flatMap(([name, inner]): [string, unknown][] => {
    if (Array.isArray(inner)) return inner.map((element) => [`${name}[]`, element]);
    if (typeof inner === "object" && inner !== null) {
      return Object.entries(inner).map(([key, innermost]) => [`${name}[${key}]`, innermost]);
    }
    return [[name, inner ?? ""]];
  });
  const text = pairs.map(([name, one]) => `${encodeText(name)}=${encodeText(String(one))}`).join("&");
  return text === "" ? "" : `?${text}`;
}

/** A lone surrogate has no place in a URL. */
function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
