import type { ModelMessage, ModelRequest } from "../ports/model-request.ts";

/** How much goes at once: with a quarter, a thousand turns take two dozen tries at most, and a few lose one at a time. */
const droppedShare = 0.25;

/**
 * The request without the oldest of its turns; a turn is a user's message and all that follows it, so that calls and
 * their outputs leave together. What systems and developers said stays, and so does the last turn.
 * @returns undefined where there is nothing left to drop.
 */
export function dropOldestTurns(request: ModelRequest): ModelRequest | undefined {
  const { messages } = request;
  const first = messages.findIndex((message) => !isRule(message));
  const laterTurns = messages.flatMap((message, index) => (message.role === "user" && index > first ? [index] : []));
  const keptFrom = laterTurns[Math.ceil(laterTurns.length * droppedShare) - 1];
  if (keptFrom === undefined) return undefined;
  return { ...request, messages: messages.filter((message, index) => index >= keptFrom || isRule(message)) };
}

function isRule({ role }: ModelMessage): boolean {
  return role === "system" || role === "developer";
}
