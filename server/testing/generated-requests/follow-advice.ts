import { z } from "zod";

const refusal = z.object({ error: z.object({ code: z.literal("unsupported_parameter"), param: z.string() }) });

/**
 * The body without what an answer says is not served, as its advice is to leave that out.
 * @returns undefined where the answer says no such thing, or the body can't do without it.
 */
export function followAdvice(body: string, answer: unknown): string | undefined {
  const { data } = refusal.safeParse(answer);
  if (data === undefined) return undefined;
  const value: unknown = JSON.parse(body);
  const keys = data.error.param.match(/[^.[\]]+/g) ?? [];
  // What has an unserved type is left out itself.
  if (/^(type|role)$/.test(keys.at(-1) ?? "")) keys.pop();
  return remove(value, keys) ? JSON.stringify(value) : undefined;
}

function remove(value: unknown, [key, ...deeper]: readonly string[]): boolean {
  if (typeof value !== "object" || value === null || key === undefined || !Object.hasOwn(value, key)) return false;
  const parent = value as Record<string, unknown>;
  if (deeper.length > 0) return remove(parent[key], deeper);
  if (Array.isArray(value)) value.splice(Number(key), 1);
  else delete parent[key];
  return true;
}
