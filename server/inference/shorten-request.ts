import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";

/**
 * The request without its oldest turns; a turn is a user's message and all that follows it, so that calls and their
 * outputs leave together. What systems and developers said stays, and so does the last turn.
 * @returns undefined where there is nothing left to drop.
 */
export function dropOldestTurns(request: ModelRequest, turns: number): ModelRequest | undefined {
  const { messages } = request;
  const last = messages.findLastIndex(isUsers);
  const starts = messages.flatMap((message, index) => (isUsers(message) && index > 0 ? [index] : []));
  const end = Math.min(starts[turns - 1] ?? last, last);
  const kept = messages.filter((message, index) => index >= end || isRule(message));
  return kept.length === messages.length ? undefined : { ...request, messages: kept };
}

function isUsers({ role }: ModelMessage): boolean {
  return role === "user";
}

function isRule({ role }: ModelMessage): boolean {
  return role === "system" || role === "developer";
}
