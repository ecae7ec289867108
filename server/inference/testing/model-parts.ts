import fc from "fast-check";
import type { ModelPart } from "../../ports/language-model.ts";

export const usage = { inputTokens: 5, cachedInputTokens: 1, outputTokens: 3, reasoningTokens: 1 };

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("", " ", "\n", " word", "\u2028\u2029"),
);
const index = fc.nat({ max: 2 });
/** Anything that a model can say. */
export const anyPart: fc.Arbitrary<ModelPart> = fc.oneof(
  fc.record({ type: fc.constantFrom("text-delta", "refusal-delta", "reasoning-delta"), text, tokens: fc.nat() }),
  fc.record({ type: fc.constant("reasoning-summary-delta"), part: index, text }),
  fc.record({
    type: fc.constantFrom("function-call-start", "custom-call-start"),
    index,
    name: fc.constantFrom("f", "g"),
    callId: fc.constantFrom("call_1", "call_2", ""),
  }),
  fc.record({ type: fc.constant("call-delta"), index, text, tokens: fc.nat() }),
  fc.record({ type: fc.constant("call-end"), index }),
);
export const anyFinish: fc.Arbitrary<ModelPart> = fc.record({
  type: fc.constant("finish"),
  reason: fc.constantFrom("stop", "length", "content_filter", "tool_calls"),
  usage: fc.constant(usage),
});

/** Leaves out what no model may say: pieces of calls that don't run. */
export function sane(parts: readonly ModelPart[]): ModelPart[] {
  const running = new Set<number>();
  return parts.filter((part) => {
    if (part.type === "function-call-start" || part.type === "custom-call-start") {
      if (running.has(part.index)) return false;
      running.add(part.index);
    } else if (part.type === "call-end") {
      return running.delete(part.index);
    } else if (part.type === "call-delta") {
      return running.has(part.index);
    } else if ("text" in part && part.text !== "") {
      running.clear();
    }
    return true;
  });
}
