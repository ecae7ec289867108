import { union } from "../character-set.ts";
import { type Expression, sequence, set, setsOf, text } from "../expression.ts";
import { GrammarError } from "../grammar-error.ts";
import { bothCases } from "../letter-case.ts";
import { parseWholeRegex } from "../parse-regex.ts";
import type { LarkToken } from "./tokens.ts";

const controls: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };

/** The text of a string token, whose escapes are Python's. */
export function stringText({ text: quoted, line }: LarkToken): string {
  const inner = quoted.slice(1, quoted.lastIndexOf('"'));
  return inner.replace(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/gs,
    (_, byte?: string, short?: string, long?: string, letter?: string) => {
      const code = byte ?? short ?? long;
      if (code !== undefined && Number.parseInt(code, 16) <= 0x10ffff)
        return String.fromCodePoint(Number.parseInt(code, 16));
      const character = letter ?? "";
      if (/[\\"'/]/.test(character)) return character;
      const control = controls[character];
      if (control === undefined) throw new GrammarError(`has an unknown escape in a string in line ${line}`);
      return control;
    },
  );
}

/** A string, in both cases where it ends with `i`. */
export function stringExpression(token: LarkToken): Expression {
  const value = stringText(token);
  return token.text.endsWith("i") ? sequence(...setsOf(value).map((one) => set(bothCases(union(one))))) : text(value);
}

export function regexExpression({ text: slashed, line }: LarkToken): Expression {
  const end = slashed.lastIndexOf("/");
  const flags = slashed.slice(end + 1);
  const unknown = [...flags].find((flag) => !"isu".includes(flag));
  if (unknown !== undefined)
    throw new GrammarError(`has a regular expression with the unsupported flag '${unknown}' in line ${line}`);
  try {
    return parseWholeRegex(slashed.slice(1, end).replaceAll("\\/", "/"), {
      dialect: "rust",
      ignoresCase: flags.includes("i"),
      dotMatchesLineEnds: flags.includes("s"),
    });
  } catch (error) {
    if (error instanceof GrammarError)
      throw new GrammarError(`has a regular expression in line ${line} that ${error.message}`, { cause: error });
    throw error;
  }
}
