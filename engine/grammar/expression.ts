import { type CharacterSet, charactersOf } from "./character-set.ts";

/** A name in a grammar's text, given out by the builder. */
export type RuleName = string & { readonly __rule: unique symbol };

/** What a rule stands for. Without `rule` parts it is a regular expression. */
export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "rule"; readonly name: RuleName }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] }
  | {
      readonly kind: "choice";
      readonly options: readonly Expression[];
      /** The options differ before anything nested begins, although they may share their first characters. */
      readonly isToldApartByText: boolean;
    }
  | { readonly kind: "repeat"; readonly item: Expression; readonly min: number; readonly max: number };

export const text = (value: string): Expression => ({ kind: "text", text: value });
export const empty = text("");
export const set = (value: CharacterSet): Expression => ({ kind: "set", set: value });
export const rule = (name: RuleName): Expression => ({ kind: "rule", name });

export function sequence(...parts: readonly Expression[]): Expression {
  const flat = parts.flatMap((part) => (part.kind === "sequence" ? part.parts : isEmpty(part) ? [] : [part]));
  const [first] = flat;
  return flat.length === 1 && first !== undefined ? first : { kind: "sequence", parts: flat };
}

export function choice(options: readonly Expression[], isToldApartByText = false): Expression {
  const flat = options.flatMap((option) =>
    option.kind === "choice" && option.isToldApartByText === isToldApartByText ? option.options : [option],
  );
  const distinct = [...new Map(flat.map((option) => [JSON.stringify(option), option])).values()];
  const [first] = distinct;
  return distinct.length === 1 && first !== undefined
    ? first
    : { kind: "choice", options: distinct, isToldApartByText };
}

/** `max` may be infinite. */
export function repeat(item: Expression, min: number, max: number): Expression {
  if (max === 0) return empty;
  return min === 1 && max === 1 ? item : { kind: "repeat", item, min, max };
}
export const optional = (item: Expression): Expression => repeat(item, 0, 1);

export const isEmpty = (expression: Expression): boolean =>
  (expression.kind === "text" && expression.text === "") ||
  (expression.kind === "sequence" && expression.parts.every(isEmpty));

/** The characters of a text as sets, for code that treats characters and sets alike. */
export const setsOf = (value: string): CharacterSet[] => [...value].map(charactersOf);
