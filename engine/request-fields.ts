import { ApiError } from "@headrace/contract/common/errors.ts";

export type Fields = Readonly<Record<string, unknown>>;

export const refuse = (param: string, what: string): ApiError =>
  new ApiError("invalid_value", `'${param}' ${what}.`, { param });

export function asRecord(value: unknown, param: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(param, "must be an object");
  return value as Fields;
}

export function optionalNumber(fields: Fields, name: string, least: number, most: number): number | undefined {
  const value = fields[name];
  if (value == null) return undefined;
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw refuse(name, `must be a number from ${least} to ${most}`);
  return value;
}

export function optionalInteger(
  fields: Fields,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const value = optionalNumber(fields, name, least, most);
  if (value !== undefined && !Number.isInteger(value)) throw refuse(name, "must be an integer");
  return value;
}
