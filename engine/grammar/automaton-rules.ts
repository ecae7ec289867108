import type { State } from "./automaton.ts";
import { contains, difference, intersection } from "./character-set.ts";
import { type Expression, empty, sequence, set, text } from "./expression.ts";
import { jsonEscapes, mustBeEscaped } from "./json-escapes.ts";

/** Edges that stand for characters which a JSON string holds as they are. */
export const plainEdges = ({ edges }: State): State["edges"] =>
  edges
    .map(({ set: all, to }) => ({ set: difference(all, mustBeEscaped), to }))
    .filter(({ set: left }) => left.length > 0);

/** The escapes of what a state lets through, shared beginnings first so that only one reading is open. */
export function escapeOptions({ edges }: State, ruleOf: (to: number) => Expression): Expression[] {
  const special = edges.filter(({ set: all }) => intersection(all, mustBeEscaped).length > 0);
  if (special.length === 0) return [];
  return [
    jsonEscapes((code) => {
      const edge = special.find(({ set: all }) => contains(all, code));
      return edge === undefined ? undefined : ruleOf(edge.to);
    }),
  ];
}

/** How a text goes on from a state; a JSON string's state stands inside its quotes. */
export function stateOptions(state: State, isJsonString: boolean, ruleOf: (to: number) => Expression): Expression[] {
  if (!isJsonString)
    return [
      ...state.edges.map(({ set: raw, to }) => sequence(set(raw), ruleOf(to))),
      ...(state.accepts ? [empty] : []),
    ];
  return [
    ...plainEdges(state).map(({ set: plain, to }) => sequence(set(plain), ruleOf(to))),
    ...escapeOptions(state, ruleOf),
    ...(state.accepts ? [text('"')] : []),
  ];
}
