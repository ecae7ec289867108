export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Equal as JSON values: the order of keys doesn't count, a key with `undefined` is a missing one. */
export function jsonEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => jsonEqual(value, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((key) => jsonEqual(left[key], right[key]));
}

/** What a field has to be; `?` after the name of a kind also allows null. */
export type Kind = "text" | "name" | "count" | "number" | "flag" | "list" | "object" | "any";
export type Field = Kind | `${Kind}?`;

export function fits(value: unknown, field: Field): boolean {
  const nullable = field.endsWith("?");
  if (value === null) return nullable;
  switch (nullable ? field.slice(0, -1) : field) {
    case "text":
      return typeof value === "string";
    case "name":
      return typeof value === "string" && value !== "";
    case "count":
      return isCount(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "flag":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    default:
      return value !== undefined;
  }
}

/** The names of the fields that are missing or of another type. */
export function misfits(object: Json, fields: Readonly<Record<string, Field>>): string[] {
  return Object.entries(fields)
    .filter(([name, field]) => !fits(object[name], field))
    .map(([name]) => name);
}
