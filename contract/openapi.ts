import { z } from "zod";
import { type ErrorCode, errorDefinitions } from "./common/errors.ts";
import { type OperationDefinition, takesIdempotencyKey } from "./common/operation.ts";

export type OpenApiInfo = { readonly title: string; readonly version: string; readonly description: string };

type Json = { [key: string]: unknown };

/** Errors that every operation can answer with. */
const commonErrors: readonly ErrorCode[] = [
  "invalid_header",
  "method_not_allowed",
  "rate_limit_exceeded",
  "server_error",
  "shutting_down",
];
const keyErrors: readonly ErrorCode[] = [
  "missing_api_key",
  "invalid_api_key",
  "missing_scope",
  "api_key_in_url",
  "multiple_credentials",
];
const inputErrors: readonly ErrorCode[] = [
  "missing_required_parameter",
  "unknown_parameter",
  "invalid_type",
  "invalid_value",
];
const bodyErrors: readonly ErrorCode[] = [
  "invalid_json",
  "request_timeout",
  "request_too_large",
  "unsupported_content_type",
];
/** Errors of an `Idempotency-Key`. */
const idempotencyErrors: readonly ErrorCode[] = [
  "idempotency_answer_not_kept",
  "idempotency_key_in_use",
  "idempotency_key_reused",
];

const errorSchema: Json = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "param", "code"],
      properties: {
        message: { type: "string" },
        type: { type: "string" },
        param: { type: ["string", "null"] },
        code: { type: ["string", "null"] },
      },
    },
  },
};

const componentPath = (id: string) => `#/components/schemas/${id}`;

/** Bounds that only say "fits a JavaScript number"; they would mislead readers and other languages' generators. */
function withoutNumberNoise(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutNumberNoise);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) =>
      !(key === "maximum" && value === Number.MAX_SAFE_INTEGER) &&
      !(key === "minimum" && value === Number.MIN_SAFE_INTEGER) &&
      key !== "$schema" &&
      key !== "$id" &&
      !(key === "id" && typeof value === "string"),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutNumberNoise(value)]));
}

/** All registered schemas, as components. */
function componentSchemas(): Record<string, Json> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: componentPath, io: "input", target: "draft-2020-12" });
  return withoutNumberNoise(schemas) as Record<string, Json>;
}

function referenceTo(schema: z.ZodType, where: string): Json {
  const id = z.globalRegistry.get(schema)?.id;
  if (typeof id !== "string") throw new Error(`${where} has no id: give its schema .meta({ id })`);
  return { $ref: componentPath(id) };
}

/** Names of the components that a piece of the document refers to, directly or through others. */
function reachable(from: unknown, schemas: Record<string, Json>, found = new Set<string>()): Set<string> {
  if (Array.isArray(from)) for (const value of from) reachable(value, schemas, found);
  else if (typeof from === "object" && from !== null) {
    for (const [key, value] of Object.entries(from)) {
      const id = key === "$ref" && typeof value === "string" ? value.slice(componentPath("").length) : undefined;
      if (id !== undefined && !found.has(id)) {
        found.add(id);
        reachable(schemas[id], schemas, found);
      } else reachable(value, schemas, found);
    }
  }
  return found;
}

/** A schema written where it stands; components that it uses are referred to. */
function inlineSchema(schema: z.core.$ZodType): Json {
  const known = z.registry<{ id?: string }>();
  const id = z.globalRegistry.get(schema)?.id;
  if (typeof id === "string") return { $ref: componentPath(id) };
  const json = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12", metadata: known });
  return withoutNumberNoise(json) as Json;
}

function parametersOf(operation: OperationDefinition): Json[] {
  const listed = (schema: z.ZodObject | undefined, place: "path" | "query") =>
    Object.entries<z.core.$ZodType>(schema?.shape ?? {}).map(([name, field]) => {
      const optional = field instanceof z.ZodOptional;
      const inner = optional ? field.unwrap() : field;
      const array = inner instanceof z.ZodArray;
      return {
        name: array ? `${name}[]` : name,
        in: place,
        required: place === "path" || !optional,
        ...(array ? { style: "form", explode: true } : {}),
        schema: inlineSchema(inner),
      };
    });
  return [...listed(operation.params, "path"), ...listed(operation.query, "query")];
}

function errorResponses(operation: OperationDefinition): Json {
  const codes = new Set<ErrorCode>([
    ...commonErrors,
    ...(operation.scope === "public" ? [] : keyErrors),
    ...(operation.body || operation.query || operation.params ? inputErrors : []),
    ...(operation.body ? bodyErrors : []),
    ...(takesIdempotencyKey(operation) ? idempotencyErrors : []),
    ...operation.errors,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorDefinitions[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const ordered = [...byStatus].toSorted(([one], [other]) => one - other);
  return Object.fromEntries(
    ordered.map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus
          .toSorted()
          .map((code) => `\`${code}\``)
          .join(", "),
        content: { "application/json": { schema: { $ref: componentPath("ErrorResponse") } } },
      },
    ]),
  );
}

function operationObject(operation: OperationDefinition): Json {
  const { id, socket, stream } = operation;
  const events = stream && {
    "text/event-stream": {
      schema: { type: "string", description: eventsDescription(stream.framing) },
      "x-event-schema": referenceTo(stream.event, `the stream event of ${id}`),
    },
  };
  const parameters = parametersOf(operation);
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(socket
      ? {
          description: `Also a WebSocket at the same path, for keys with the same scope: a message of x-websocket's JSON for each event. ${socket.summary}`,
          "x-websocket": {
            clientEvent: referenceTo(socket.clientEvent, `the client event of ${id}`),
            serverEvent: referenceTo(socket.serverEvent, `the server event of ${id}`),
          },
        }
      : {}),
    "x-scope": operation.scope,
    security: operation.scope === "public" ? [] : [{ apiKey: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body
      ? {
          requestBody: {
            required: operation.isBodyOptional !== true,
            content: { "application/json": { schema: referenceTo(operation.body, `the body of ${id}`) } },
          },
        }
      : {}),
    responses: {
      "200": {
        description: "OK",
        content: {
          "application/json": { schema: referenceTo(operation.response, `the response of ${id}`) },
          ...events,
        },
      },
      ...errorResponses(operation),
    },
  };
}

function eventsDescription(framing: "data-lines" | "named-events"): string {
  return framing === "data-lines"
    ? "Server-sent events: `data:` lines with x-event-schema's JSON, and `data: [DONE]` at the end."
    : "Server-sent events: `event:` with the type and `data:` with x-event-schema's JSON, until a terminal event.";
}

/**
 * Writes operations as an OpenAPI 3.1 document. Pure: the same operations give the same document.
 * @throws Error where a body, response or event has no id, or two operations share a path and method
 */
export function toOpenApi(operations: Readonly<Record<string, OperationDefinition>>, info: OpenApiInfo): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of Object.values(operations)) {
    const path = paths[operation.path] ?? {};
    const method = operation.method.toLowerCase();
    if (path[method] !== undefined) throw new Error(`two operations at ${operation.method} ${operation.path}`);
    path[method] = operationObject(operation);
    paths[operation.path] = path;
  }
  const schemas: Record<string, Json> = { ...componentSchemas(), ErrorResponse: errorSchema };
  const used = [...reachableWithEvents(paths, schemas)].toSorted();
  return {
    openapi: "3.1.0",
    info,
    servers: [{ url: "/" }],
    tags: [...new Set(Object.values(operations).map((operation) => operation.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(used.map((name) => [name, schemas[name]])),
      securitySchemes: {
        apiKey: {
          type: "http",
          scheme: "bearer",
          description: "A project's or service account's key: `sk-proj-…`, `sk-svcacct-…`.",
        },
      },
    },
  };
}

function reachableWithEvents(paths: Json, schemas: Record<string, Json>): Set<string> {
  const found = reachable(paths, schemas);
  const missing = [...found].filter((name) => schemas[name] === undefined);
  if (missing.length > 0) throw new Error(`no component for ${missing.join(", ")}`);
  return found;
}
