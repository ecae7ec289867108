import { z } from "zod";
import { describeIssue } from "./describe-issue.ts";
import { ApiError } from "./errors.ts";
import { integerMark } from "./fields.ts";
import { type Issue, pathText, quoted } from "./issues.ts";
import { narrowSchemaFor } from "./narrow-schema.ts";
import { nearestName } from "./nearest-name.ts";
import { parseQueryString } from "./query-string.ts";
import { openUnions } from "./union-issues.ts";

/**
 * Gives issues what only the schema knows, as their message: an unknown key the name that it most likely stands for
 * (empty where there is none), a value of the wrong type whether an integer was wanted.
 */
function annotateIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") {
    const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
    return nearestName(issue.keys[0] ?? "", known) ?? "";
  }
  const wantsInteger = issue.code === "invalid_type" && issue.inst instanceof z.ZodNumberFormat;
  return wantsInteger ? integerMark : undefined;
}

/**
 * Stops at the first thing that is wrong. Only one is told, and an issue for each wrong element of a body of a few
 * megabytes would take gigabytes. zod keeps the switch internal; `collections.test.ts` notices if it goes.
 */
const firstIssueOnly: z.core.ParseContextInternal<z.core.$ZodIssue> = { abortEarly: true, error: annotateIssue };

/** The key that was most likely meant to be a missing parameter of the request itself. */
function mistypedKey(schema: z.ZodType, value: unknown, issue: Issue): string | undefined {
  const [missing, ...deeper] = issue.path;
  if (!(schema instanceof z.ZodObject) || typeof missing !== "string" || deeper.length > 0) return undefined;
  if (typeof value !== "object" || value === null || Object.hasOwn(value, missing)) return undefined;
  return Object.keys(value).find((key) => !Object.hasOwn(schema.shape, key) && nearestName(key, [missing]) === missing);
}

/**
 * Checks what a caller sent.
 * @returns the value as the schema gives it out
 * @throws ApiError with OpenAI's code, parameter path and wording for the first thing that is wrong
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const narrow = narrowSchemaFor(schema, value)?.safeParse(value, firstIssueOnly);
  if (narrow?.success) return narrow.data;
  const result = schema.safeParse(value, firstIssueOnly);
  if (result.success) return result.data;
  const [issue] = openUnions(result.error.issues, value);
  if (issue === undefined) throw new ApiError("invalid_value", "Invalid request.");
  const mistyped = mistypedKey(schema, value, issue);
  if (mistyped !== undefined) {
    const hint = `Did you mean '${pathText(issue.path)}'?`;
    throw new ApiError("unknown_parameter", `Unknown parameter: ${quoted(mistyped)}. ${hint}`, { param: mistyped });
  }
  const { code, message, param } = describeIssue(issue, value);
  throw new ApiError(code, message, { param });
}

/**
 * Checks a query string.
 * @param search with or without its leading `?`; arrays as `a[]=x&a[]=y` or `a=x&a=y`, objects as `a[k]=v`
 * @throws ApiError as `parseRequest` does
 */
export function parseQuery<Schema extends z.ZodObject>(schema: Schema, search: string): z.output<Schema> {
  return parseRequest(schema, coerce(schema, parseQueryString(search)));
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

/** Turns the words of a query into numbers, booleans and arrays where the schema wants these; leaves all else. */
function coerce(wrapped: z.core.$ZodType, value: unknown): unknown {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodObject && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const shape: z.core.$ZodShape = schema.shape;
    const pairs = Object.entries(value).map(([key, inner]) => {
      const field = Object.hasOwn(shape, key) ? shape[key] : undefined;
      return [key, field === undefined ? inner : coerce(field, inner)];
    });
    return Object.fromEntries(pairs);
  }
  if (schema instanceof z.ZodArray) {
    if (Array.isArray(value)) return value.map((element) => coerce(schema.element, element));
    return typeof value === "string" ? [coerce(schema.element, value)] : value;
  }
  if (typeof value !== "string") return value;
  if (schema instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (schema instanceof z.ZodBoolean && (value === "true" || value === "false")) return value === "true";
  return value;
}
