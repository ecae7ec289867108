import { ChatChoice } from "./chat-choice.ts";
import { doneMarker, type Finding, type RuleId, type StreamEvent } from "./rules.ts";
import { isCount, isObject, type Json, misfits } from "./values.ts";

export type ChatStreamOptions = {
  /** How many choices were asked for; 1 unless told. */
  readonly n?: number;
  /** What the request said in stream_options.include_usage. */
  readonly includeUsage?: boolean;
};

const chunkFields = { id: "name", object: "name", created: "count", model: "name", choices: "list" } as const;
const errorFields = { message: "text", type: "name", param: "text?", code: "text?" } as const;

/** Checks the stream of a chat completion, as `parseSse(stream, "data-lines")` reads it. */
export function validateChatStream(events: Iterable<StreamEvent>, options: ChatStreamOptions = {}): readonly Finding[] {
  const validator = new ChatStreamValidator(options);
  for (const event of events) validator.push(event);
  return validator.end();
}

class ChatStreamValidator {
  readonly #options: ChatStreamOptions;
  readonly #findings: Finding[] = [];
  readonly #choices = new Map<number, ChatChoice>();
  #count = 0;
  #first: Json | undefined;
  #hasUsage = false;
  #isBroken = false;
  #isDone = false;

  constructor(options: ChatStreamOptions) {
    this.#options = options;
  }

  push({ data }: StreamEvent): void {
    if (this.#isDone) this.#report("chat.done-last", "something after [DONE]");
    else if (data === doneMarker) this.#isDone = true;
    else if (this.#isBroken) this.#report("chat.error-shape", "something after an error");
    else if (isObject(data) && data.error) this.#error(data.error);
    else if (!isObject(data) || misfits(data, chunkFields).length > 0 || data.object !== "chat.completion.chunk") {
      this.#report("chat.shape", JSON.stringify(data));
    } else this.#chunk(data);
    this.#count++;
  }

  end(): readonly Finding[] {
    if (this.#isBroken) return this.#findings;
    if (!this.#isDone) this.#report("chat.done-last", "no [DONE]");
    for (let index = 0; index < (this.#options.n ?? 1); index++) {
      if (this.#choices.get(index)?.isFinished !== true) this.#report("chat.finish-once", `choice ${index} never did`);
    }
    if (this.#options.includeUsage === true && !this.#hasUsage) this.#report("chat.usage-asked", "none came");
    return this.#findings;
  }

  readonly #report = (rule: RuleId, message: string): void => {
    this.#findings.push({ rule, at: this.#count, message });
  };

  #chunk(chunk: Json): void {
    this.#first ??= chunk;
    for (const key of ["id", "created", "model"]) {
      if (chunk[key] !== this.#first[key]) this.#report("chat.identity", `${key} ${String(chunk[key])}`);
    }
    const choices = Array.isArray(chunk.choices) ? chunk.choices : [];
    if (this.#hasUsage) this.#report("chat.usage-last", "a chunk after the usage");
    this.#checkUsage(chunk.usage, choices.length);
    const inChunk = new Set<unknown>();
    for (const choice of choices) {
      const index = isObject(choice) ? choice.index : undefined;
      const isRight = isObject(choice) && isCount(index) && index < (this.#options.n ?? 1) && !inChunk.has(index);
      if (!isRight || !isObject(choice.delta) || choice.finish_reason === undefined) {
        this.#report("chat.choice", JSON.stringify(choice));
        continue;
      }
      inChunk.add(index);
      const state = this.#choices.get(index) ?? new ChatChoice(index, this.#report);
      this.#choices.set(index, state);
      state.take(choice.delta, choice.finish_reason);
    }
  }

  #checkUsage(usage: unknown, choiceCount: number): void {
    const isAsked = this.#options.includeUsage === true;
    if (!isObject(usage)) {
      if (isAsked && usage !== null) this.#report("chat.usage-asked", "a chunk without `usage: null`");
      if (choiceCount === 0) this.#report("chat.usage-last", "a chunk without choices and usage");
      return;
    }
    if (!isAsked) this.#report("chat.usage-asked", "nobody asked");
    if (choiceCount > 0) this.#report("chat.usage-last", "usage in a chunk with choices");
    this.#hasUsage = true;
    const { prompt_tokens, completion_tokens, total_tokens } = usage;
    const isSum =
      isCount(prompt_tokens) && isCount(completion_tokens) && total_tokens === prompt_tokens + completion_tokens;
    if (!isSum) this.#report("chat.usage-sum", JSON.stringify(usage));
  }

  #error(error: unknown): void {
    this.#isBroken = true;
    if (!isObject(error) || misfits(error, errorFields).length > 0) {
      this.#report("chat.error-shape", JSON.stringify(error));
    }
  }
}
