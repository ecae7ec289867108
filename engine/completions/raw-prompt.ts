import type { Token } from "node-llama-cpp";
import type { Vocabulary } from "../chat/chat-model.ts";
import { refuse } from "../request-fields.ts";
import type { RawPrompt } from "./completion-request.ts";

/** A prompt as the model reads it; what spells a control token in a text stays text. */
export function tokensOf(vocabulary: Vocabulary, prompt: RawPrompt, place: string): readonly Token[] {
  if (typeof prompt === "object" && prompt !== null) {
    const size = vocabulary.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const wrong = prompt.find((token) => token >= size);
    if (wrong !== undefined) throw refuse(place, `holds ${wrong}, but this model's tokens go up to ${size - 1}`);
    return prompt as Token[];
  }
  const { bos, eos, shouldPrependBosToken } = vocabulary.tokens;
  const beginning = bos ?? eos;
  const words = prompt === null ? [] : vocabulary.tokenize(prompt, false);
  // A model has to read something before it can write.
  const needsBeginning = words.length === 0 || shouldPrependBosToken;
  return beginning === null || !needsBeginning ? words : [beginning, ...words];
}

/** The text that `echo` gives back. */
export function echoOf(vocabulary: Vocabulary, prompt: RawPrompt): string {
  if (prompt === null || typeof prompt === "string") return prompt ?? "";
  return vocabulary.detokenize(prompt as Token[], true);
}
