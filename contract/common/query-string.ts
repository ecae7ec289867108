import { ApiError } from "./errors.ts";

/** Parameters that one query string may hold. */
const queryParametersMax = 1_000;

type QueryValue = string | string[] | Map<string, string>;

/** Adds one `name=value` pair; `a[]` collects an array, `a[k]` an object, a repeated `a` an array too. */
function add(query: Map<string, QueryValue>, written: string, value: string): void {
  const bracket = /^([^[\]]+)\[([^[\]]*)\]$/.exec(written);
  const name = bracket?.[1] ?? written;
  const key = bracket?.[2];
  const before = query.get(name);
  if (key !== undefined && key !== "") {
    if (before instanceof Map) before.set(key, value);
    else if (before === undefined) query.set(name, new Map([[key, value]]));
    else throw mixed(name);
  } else if (before instanceof Map) throw mixed(name);
  else if (Array.isArray(before)) before.push(value);
  else if (before !== undefined) query.set(name, [before, value]);
  else query.set(name, key === undefined ? value : [value]);
}

function mixed(name: string): ApiError {
  return new ApiError("invalid_value", `Invalid '${name}': given both as an object and as plain values.`, {
    param: name,
  });
}

/**
 * Reads a query string as OpenAI's SDKs write it, without knowing its types: every leaf is a string.
 * @param search with or without its leading `?`
 * @throws ApiError where one name is both an object and a plain value, or there are too many
 */
export function parseQueryString(search: string): Record<string, unknown> {
  const query = new Map<string, QueryValue>();
  const pairs = new URLSearchParams(search);
  if (pairs.size > queryParametersMax) {
    throw new ApiError("invalid_value", `Invalid request: more than ${queryParametersMax} query parameters.`);
  }
  for (const [name, value] of pairs) add(query, name, value);
  return Object.fromEntries(
    [...query].map(([name, value]) => [name, value instanceof Map ? Object.fromEntries(value) : value]),
  );
}
