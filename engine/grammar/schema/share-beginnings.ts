import { choice, type Expression, sequence, text } from "../expression.ts";

/**
 * A choice in which options that begin alike share that beginning, so that one reading is followed until they differ:
 * members of a union are told apart by the first member whose value they don't share.
 */
export function shareBeginnings(options: readonly Expression[]): Expression {
  return factor(options.map(elementsOf));
}

/** The parts of a sequence, where each character of a text is a part. */
function elementsOf(expression: Expression): Expression[] {
  if (expression.kind === "text") return [...expression.text].map(text);
  return expression.kind === "sequence" ? expression.parts.flatMap(elementsOf) : [expression];
}

function factor(lists: readonly (readonly Expression[])[]): Expression {
  const groups = new Map<string, (readonly Expression[])[]>();
  for (const list of lists) {
    const key = keyOf(list[0]);
    groups.set(key, [...(groups.get(key) ?? []), list]);
  }
  return choice(
    [...groups.values()].map((group) => {
      const [first = [], ...others] = group;
      if (others.length === 0 || first.length === 0) return joined(first);
      let length = 1;
      while (length < first.length && others.every((other) => keyOf(other[length]) === keyOf(first[length]))) length++;
      return sequence(joined(first.slice(0, length)), factor(group.map((list) => list.slice(length))));
    }),
  );
}

const keyOf = (element: Expression | undefined): string => (element === undefined ? "" : JSON.stringify(element));

function joined(elements: readonly Expression[]): Expression {
  const parts: Expression[] = [];
  for (const element of elements) {
    const last = parts.at(-1);
    if (element.kind === "text" && last?.kind === "text") parts[parts.length - 1] = text(last.text + element.text);
    else parts.push(element);
  }
  return sequence(...parts);
}
