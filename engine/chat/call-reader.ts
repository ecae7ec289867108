import { randomUUID } from "node:crypto";
import type { AnswerPart } from "./answer-reader.ts";
import { StopFilter } from "./stop-filter.ts";
import type { ToolSyntax } from "./tool-syntax.ts";

/** Up to where a function's arguments or a custom tool's input begin. */
const head = /^\s*\{"name": "([^"]*)"(?:, "(?:arguments|parameters)": |(\}\n))/;

/** Reads one call as the grammar lets a model write it, and gives it on as it comes. */
export class CallReader {
  readonly #index: number;
  readonly #inputEnd: StopFilter;
  #state: "head" | "arguments" | "input" | "tail" | "ended" = "head";
  #head = "";
  readonly #json = new JsonEnd();
  /** What follows the arguments and is not yet seen. */
  #tail: string;

  constructor(index: number, { close }: ToolSyntax) {
    this.#index = index;
    this.#inputEnd = new StopFilter([close]);
    this.#tail = `}${close}`;
  }

  get isEnded(): boolean {
    return this.#state === "ended";
  }

  /** Adds what the text says to the parts and returns the text that comes after the call. */
  push(text: string, parts: AnswerPart[]): string {
    let rest = text;
    while (rest !== "" && this.#state !== "ended") rest = this.#take(rest, parts);
    return rest;
  }

  /** What was held back, when the answer ended within the call. */
  finish(): readonly AnswerPart[] {
    return this.#state === "input" ? this.#words(this.#inputEnd.flush()) : [];
  }

  #take(text: string, parts: AnswerPart[]): string {
    if (this.#state === "head") return this.#takeHead(text, parts);
    if (this.#state === "arguments") {
      const length = this.#json.push(text);
      parts.push(...this.#words(text.slice(0, length)));
      if (this.#json.isReached) this.#state = "tail";
      return text.slice(length);
    }
    if (this.#state === "input") {
      const { text: input, stopped, rest } = this.#inputEnd.push(text);
      parts.push(...this.#words(input));
      if (stopped) this.#state = "ended";
      return rest;
    }
    const length = Math.min(text.length, this.#tail.length);
    this.#tail = this.#tail.slice(length);
    if (this.#tail === "") this.#state = "ended";
    return text.slice(length);
  }

  #takeHead(text: string, parts: AnswerPart[]): string {
    this.#head += text;
    const match = head.exec(this.#head);
    if (match?.[1] === undefined) return "";
    const isCustom = match[2] !== undefined;
    const id = `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
    parts.push({ kind: "call", index: this.#index, id, name: match[1], tool: isCustom ? "custom" : "function" });
    this.#state = isCustom ? "input" : "arguments";
    return this.#head.slice(match[0].length);
  }

  #words(text: string): AnswerPart[] {
    const tool = this.#state === "input" ? "custom" : "function";
    return text === "" ? [] : [{ kind: "input", index: this.#index, text, tool }];
  }
}

/** Finds the end of a JSON object that comes in pieces. */
class JsonEnd {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  isReached = false;

  /** How much of the text still belongs to the object. */
  push(text: string): number {
    for (let index = 0; index < text.length; index++) {
      this.#see(text[index] ?? "");
      if (this.isReached) return index + 1;
    }
    return text.length;
  }

  #see(character: string): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#isInString) {
      if (character === "\\") this.#isEscaped = true;
      if (character === '"') this.#isInString = false;
    } else if (character === '"') this.#isInString = true;
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") this.isReached = --this.#depth === 0;
  }
}
