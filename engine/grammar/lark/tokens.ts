import { GrammarError } from "../grammar-error.ts";

export type TokenKind = "name" | "terminal" | "string" | "regex" | "number" | "sign" | "lineEnd" | "end";
export type LarkToken = { readonly kind: TokenKind; readonly text: string; readonly line: number };

const kinds: readonly (readonly [TokenKind | undefined, RegExp])[] = [
  [undefined, /(?:[ \t\r\f]|\/\/[^\n]*|#[^\n]*)+/y],
  // A line that begins with a bar continues the one before it.
  [undefined, /\n(?=\s*\|)/y],
  ["lineEnd", /\n/y],
  ["string", /"(?:\\[^\n]|[^"\\\n])*"i?/y],
  ["regex", /\/(?!\/)(?:\\[^\n]|[^/\\\n])*\/[imslux]*/y],
  ["terminal", /_?[A-Z][A-Z0-9_]*/y],
  ["name", /_?[a-z][a-z0-9_]*/y],
  ["number", /[0-9]+/y],
  ["sign", /->|\.\.|%[a-z]+|[:|?*+~()[\]!.,{}]/y],
];

/** Splits a Lark grammar. Throws a GrammarError that names the line of what is no token. */
export function larkTokens(source: string): LarkToken[] {
  const tokens: LarkToken[] = [];
  let line = 1;
  for (let at = 0; at < source.length; ) {
    const found = firstMatch(source, at);
    if (found === undefined) throw new GrammarError(`has an unexpected '${source.slice(at, at + 20)}' in line ${line}`);
    const [kind, text] = found;
    if (kind !== undefined) tokens.push({ kind, text, line });
    line += text.split("\n").length - 1;
    at += text.length;
  }
  return [...tokens, { kind: "lineEnd", text: "", line }, { kind: "end", text: "", line }];
}

function firstMatch(source: string, at: number): readonly [TokenKind | undefined, string] | undefined {
  for (const [kind, expression] of kinds) {
    expression.lastIndex = at;
    const text = expression.exec(source)?.[0];
    if (text !== undefined) return [kind, text];
  }
  return undefined;
}
