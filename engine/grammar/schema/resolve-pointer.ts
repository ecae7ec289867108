import { invalidSchema, type SchemaPath, type SchemaSource } from "./schema-source.ts";

/** What a `$ref` of the form `#/a/b` points to (RFC 6901), and where that is. Throws an ApiError where nothing is. */
export function resolvePointer(
  root: unknown,
  reference: string,
  path: SchemaPath,
  source: SchemaSource,
): { readonly value: unknown; readonly path: SchemaPath } {
  const fail = (): Error => invalidSchema(source, path, `reference '${reference.slice(0, 200)}' can not be resolved.`);
  if (reference !== "#" && !reference.startsWith("#/")) throw fail();
  const keys = reference
    .split("/")
    .slice(1)
    .map((key) => decoded(key)?.replaceAll("~1", "/").replaceAll("~0", "~"));
  let value = root;
  for (const key of keys) {
    if (key === undefined || typeof value !== "object" || value === null || !Object.hasOwn(value, key)) throw fail();
    value = (value as Record<string, unknown>)[key];
  }
  return { value, path: keys.map(String) };
}

function decoded(key: string): string | undefined {
  try {
    return decodeURIComponent(key);
  } catch {
    return undefined;
  }
}
