import { ApiError, type ErrorCode } from "./errors.ts";
import { quoted } from "./issues.ts";

type Scalar = string | number | boolean | null;

/**
 * What is served of one documented value. A parameter that is left out always passes.
 * - `served`: any value
 * - `only`: these values (`[]` and `{}` stand for an empty array and object); the first that is not null is suggested
 * - `matches`: texts of this form, and null
 * - `fields`: an object, by its keys; a key that is not named is not served
 * - `kinds`: an array or an object, by the `type` or `role` of (each of) its values; a text passes; a kind that is not
 *   named is not served
 * - `every`: an array, by one rule for all its values; a value that is no array passes
 */
export type ServedRule =
  | "served"
  | { readonly only: readonly (Scalar | readonly [] | Readonly<Record<string, never>>)[]; readonly code?: ErrorCode }
  | { readonly matches: RegExp; readonly advice: string }
  | { readonly fields: Readonly<Record<string, ServedRule>> }
  | { readonly kinds: Readonly<Record<string, ServedRule>>; readonly by: "type" | "role"; readonly code?: ErrorCode }
  | { readonly every: ServedRule };

/** What one lane serves of an operation: a rule for each documented parameter, so that a new one asks for a decision. */
export type ServedRules<Body> = {
  /** Where these rules hold, as the end of a sentence: ` for local models`. */
  readonly where: string;
  readonly parameters: { readonly [Name in keyof Body]-?: ServedRule };
};

/** What is not served: where below the value that was looked at, and what is to be said of that place. */
type Offence = { place: string; what: (param: string) => string; advice: string; code: ErrorCode };

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.some((one) => {
    if (Array.isArray(one)) return Array.isArray(value) && value.length === 0;
    if (typeof one === "object" && one !== null) {
      return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
    }
    return one === value;
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const unserved = "unsupported_parameter";

function offenceOfOnly(rule: Extract<ServedRule, { only: unknown }>, value: unknown): Offence | undefined {
  if (isOneOf(value, rule.only)) return undefined;
  const suggested = rule.only.find((one) => one !== null);
  const code = rule.code ?? unserved;
  // A parameter with several served values is served; only this value of it is not.
  const isValue = rule.only.filter((one) => one !== null).length > 1 && typeof value === "string";
  const what = isValue ? (param: string) => `${quoted(value)} for '${param}' is a documented value` : documented;
  const advice = suggested === undefined ? "leave it out" : `leave it out or send ${JSON.stringify(suggested)}`;
  return { place: "", what, advice, code };
}

function offenceOfKind(rule: Extract<ServedRule, { kinds: unknown }>, value: unknown): Offence | undefined {
  if (Array.isArray(value)) return firstOffence(value, rule, offenceOfKind);
  if (!isObject(value)) return undefined;
  // Input items may leave out `type` where they are messages, and references where they are not.
  const fallback = "role" in value ? "message" : "item_reference";
  const kind = value[rule.by] ?? fallback;
  const inner = typeof kind === "string" && Object.hasOwn(rule.kinds, kind) ? rule.kinds[kind] : undefined;
  if (inner !== undefined) return offence(inner, value);
  const what = (param: string) => `${quoted(String(kind))} for '${param}.${rule.by}' is a documented value`;
  return { place: "", what, advice: "leave it out", code: rule.code ?? unserved };
}

function firstOffence<Rule>(
  values: readonly unknown[],
  rule: Rule,
  find: (rule: Rule, value: unknown) => Offence | undefined,
): Offence | undefined {
  for (let index = 0; index < values.length; index++) {
    const found = find(rule, values[index]);
    if (found !== undefined) return below(`[${index}]`, found);
  }
  return undefined;
}

function below(place: string, found: Offence): Offence {
  return { ...found, place: place + found.place };
}

function documented(param: string): string {
  return `'${param}' is a documented parameter`;
}

function offence(rule: ServedRule | undefined, value: unknown): Offence | undefined {
  if (value === undefined || rule === "served") return undefined;
  if (rule === undefined) return { place: "", what: documented, advice: "leave it out", code: unserved };
  if ("only" in rule) return offenceOfOnly(rule, value);
  if ("matches" in rule) {
    if (value === null || (typeof value === "string" && rule.matches.test(value))) return undefined;
    const what = (param: string) => `'${param}' of this form is a documented value`;
    return { place: "", what, advice: rule.advice, code: unserved };
  }
  if ("kinds" in rule) return offenceOfKind(rule, value);
  if ("every" in rule) return Array.isArray(value) ? firstOffence(value, rule.every, offence) : undefined;
  if (!isObject(value)) return undefined;
  for (const key of Object.keys(value)) {
    const found = offence(Object.hasOwn(rule.fields, key) ? rule.fields[key] : undefined, value[key]);
    if (found !== undefined) return below(`.${key}`, found);
  }
  return undefined;
}

/**
 * Refuses a request that asks for something that OpenAI documents and Headrace does not serve yet, so that nothing is
 * silently ignored.
 * @param body a body that has passed validation
 * @throws ApiError `unsupported_parameter` (or the code that a rule names) with the parameter's path
 */
export function refuseUnserved<Body extends object>(rules: ServedRules<Body>, body: Body): void {
  const parameters: Readonly<Record<string, ServedRule>> = rules.parameters;
  const values = body as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(values)) {
    const found = offence(parameters[name], values[name]);
    if (found === undefined) continue;
    const param = name + found.place;
    const message = `${found.what(param)} that Headrace does not serve yet${rules.where}; ${found.advice}.`;
    throw new ApiError(found.code, message, { param });
  }
}
