import type { ErrorCode } from "./errors.ts";
import { integerMark } from "./fields.ts";
import { expectedKind, type Issue, kindOf, listOf, pathText, quoted, valueAt } from "./issues.ts";

export type Complaint = { code: ErrorCode; message: string; param: string | null };

type IssueOf<Code extends Issue["code"]> = Extract<Issue, { code: Code }>;
type Size = IssueOf<"too_big"> | IssueOf<"too_small">;

function describeNumber(issue: Size, subject: string, value: unknown): { code: ErrorCode; message: string } {
  const kind = issue.message === integerMark || issue.origin === "int" ? "integer" : "decimal";
  const above = issue.code === "too_big";
  const bound = above ? issue.maximum : issue.minimum;
  return {
    code: `${kind}_${above ? "above_max" : "below_min"}_value`,
    message:
      `Invalid ${subject}: ${kind} ${above ? "above maximum" : "below minimum"} value. ` +
      `Expected a value ${above ? "<=" : ">="} ${bound}, but got ${String(value)} instead.`,
  };
}

function describeLength(
  issue: Size,
  kind: "string" | "array",
  subject: string,
  length: number,
): { code: ErrorCode; message: string } {
  const above = issue.code === "too_big";
  const bound = above ? issue.maximum : issue.minimum;
  const article = kind === "string" ? "a string" : "an array";
  const expected = `Expected ${article} with ${above ? "maximum" : "minimum"} length ${bound}`;
  if (!above && length === 0) {
    const message = `Invalid ${subject}: empty ${kind}. ${expected}, but got an empty ${kind} instead.`;
    return { code: `empty_${kind}`, message };
  }
  return {
    code: `${kind}_${above ? "above_max" : "below_min"}_length`,
    message: `Invalid ${subject}: ${kind} too ${above ? "long" : "short"}. ${expected}, but got ${article} with length ${length} instead.`,
  };
}

function describeSize(issue: Size, subject: string, value: unknown): { code: ErrorCode; message: string } {
  if (typeof value === "string") return describeLength(issue, "string", subject, value.length);
  if (Array.isArray(value)) return describeLength(issue, "array", subject, value.length);
  return describeNumber(issue, subject, value);
}

/** What a union takes at its root, in words: `a string or an array`. */
function kindsOfUnion(issue: IssueOf<"invalid_union">): string {
  const kinds = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => {
      if (inner.path.length > 0) return [];
      if (inner.code === "invalid_type") return [expectedKind(inner.expected)];
      if (inner.code === "invalid_value") return [listOf(inner.values, "or")];
      return inner.code === "invalid_union" ? [kindsOfUnion(inner)] : [];
    }),
  );
  const distinct = [...new Set(kinds)];
  return distinct.length > 1 ? `one of ${distinct.join(" or ")}` : (distinct[0] ?? "another value");
}

function describeType(expected: string, path: Issue["path"], value: unknown): { code: ErrorCode; message: string } {
  const got = kindOf(value);
  if (path.length === 0) {
    return { code: "invalid_type", message: `Invalid request: expected ${expected}, but got ${got} instead.` };
  }
  const subject = `'${pathText(path)}'`;
  return {
    code: "invalid_type",
    message: `Invalid type for ${subject}: expected ${expected}, but got ${got} instead.`,
  };
}

function describeValue(values: readonly unknown[], path: Issue["path"], value: unknown) {
  const sameKind = values.some((allowed) => typeof allowed === typeof value);
  if (!sameKind) return describeType(`one of ${listOf(values, "or")}`, path, value);
  const word = typeof value === "string" ? quoted(value) : String(value);
  const code: ErrorCode = "invalid_value";
  return { code, message: `Invalid value: ${word}. Supported values are: ${listOf(values, "and")}.` };
}

function describeUnion(issue: IssueOf<"invalid_union">, value: unknown) {
  if (issue.errors.length > 0) return describeType(kindsOfUnion(issue), issue.path, value);
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  const named = options.filter((option) => typeof option === "string");
  return describeValue(named, issue.path, value);
}

function describeRule(issue: IssueOf<"custom">, subject: string, value: unknown) {
  if (issue.params?.code === "object_above_max_properties" && typeof value === "object" && value !== null) {
    const code: ErrorCode = "object_above_max_properties";
    return {
      code,
      message:
        `Invalid ${subject}: too many properties. Expected an object with at most ${String(issue.params.maximum)} ` +
        `properties, but got an object with ${Object.keys(value).length} properties instead.`,
    };
  }
  const code: ErrorCode = "invalid_value";
  return { code, message: `Invalid ${subject}: ${issue.message}` };
}

function describe(issue: Issue, subject: string, value: unknown): { code: ErrorCode; message: string } {
  switch (issue.code) {
    case "invalid_type":
      return describeType(expectedKind(issue.message === integerMark ? "int" : issue.expected), issue.path, value);
    case "invalid_value":
      return describeValue(issue.values, issue.path, value);
    case "invalid_union":
      return describeUnion(issue, value);
    case "too_big":
    case "too_small":
      return describeSize(issue, subject, value);
    case "invalid_format":
      return {
        code: "invalid_value",
        message:
          `Invalid ${subject}: string does not match pattern. ` +
          `Expected a string that matches the pattern '${(issue.pattern ?? issue.format).replace(/^\/(.*)\/$/, "$1")}'.`,
      };
    case "invalid_key": {
      const key = String(issue.path.at(-1));
      const inner = issue.issues[0];
      const about = `key ${quoted(key)}`;
      return inner === undefined
        ? { code: "invalid_value", message: `Invalid ${about}.` }
        : describe({ ...inner, path: issue.path } as Issue, about, key);
    }
    case "custom":
      return describeRule(issue, subject, value);
    default:
      return { code: "invalid_value", message: `Invalid ${subject}: ${issue.message}` };
  }
}

/**
 * Says what is wrong in OpenAI's words.
 * @param issue what the schema found; its path starts at the root
 * @param root the whole value that was checked
 */
export function describeIssue(issue: Issue, root: unknown): Complaint {
  if (issue.code === "unrecognized_keys") {
    const param = pathText([...issue.path, issue.keys[0] ?? ""]);
    const hint = issue.message === "" ? "" : ` Did you mean '${issue.message}'?`;
    return { code: "unknown_parameter", message: `Unknown parameter: '${param}'.${hint}`, param };
  }
  const param = issue.path.length === 0 ? null : pathText(issue.path);
  const value = valueAt(root, issue.path);
  if (value === undefined && param !== null) {
    return { code: "missing_required_parameter", message: `Missing required parameter: '${param}'.`, param };
  }
  return { ...describe(issue, param === null ? "request" : `'${param}'`, value), param };
}
