import { type Issue, valueAt } from "./issues.ts";

/** Whether an issue says only that the value is of another kind than what this branch takes. */
function isOtherKind(issue: Issue, root: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === "invalid_type") return true;
  if (issue.code === "invalid_value") return !issue.values.some((value) => typeof value === typeof root);
  if (issue.code === "invalid_union") {
    return issue.errors.length > 0 && issue.errors.every((branch) => branch.some((inner) => isOtherKind(inner, root)));
  }
  return false;
}

/** How far into an array a branch got before it found something wrong. */
function elementsTaken(branch: readonly Issue[]): number {
  const first = branch[0]?.path[0];
  return typeof first === "number" ? first : 0;
}

/**
 * The branch of a failed union that the value was meant for: one that takes values of its kind, and of these the one
 * that got furthest into an array. Undefined where no branch takes this kind of value.
 */
function meantBranch(branches: readonly Issue[][], value: unknown): Issue[] | undefined {
  const meant = branches.filter((branch) => branch.length > 0 && !branch.some((issue) => isOtherKind(issue, value)));
  return meant.toSorted((one, other) => elementsTaken(other) - elementsTaken(one))[0];
}

/**
 * Replaces each failed union by what is wrong in the branch that the value was meant for, so that the message is about
 * the caller's own words. Paths of the result start at the root. A union that takes no value of this kind stays.
 */
export function openUnions(issues: readonly Issue[], root: unknown): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
    const value = valueAt(root, issue.path);
    const branch = value === undefined ? undefined : meantBranch(issue.errors, value);
    if (branch === undefined) return [issue];
    return openUnions(branch, value).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue);
  });
}
