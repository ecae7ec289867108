import { CallReader } from "./call-reader.ts";
import type { Thinking } from "./prompt.ts";
import { StopFilter } from "./stop-filter.ts";
import { hermesTag, type ToolSyntax } from "./tool-syntax.ts";

/** A piece of an answer, in the order in which it was generated. */
export type AnswerPart =
  | { readonly kind: "content"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | {
      readonly kind: "call";
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly tool: "function" | "custom";
    }
  /** More of a call's arguments or input. */
  | { readonly kind: "input"; readonly index: number; readonly text: string; readonly tool: "function" | "custom" };

export type AnswerForm = {
  /** Strings that end the answer's text. Thoughts and calls are not searched for them. */
  readonly stops: readonly string[];
  /** The tags around thoughts, where the model thinks. */
  readonly thinking: Thinking | undefined;
  /** How calls are written, where the model may call tools. */
  readonly syntax: ToolSyntax | undefined;
};

export type Place = "opening" | "thoughts" | "content" | "call";

/** Turns the text that a model generates into the parts of its answer: thoughts, text, and calls of tools. */
export class AnswerReader {
  readonly #form: AnswerForm;
  readonly #stops: StopFilter;
  readonly #thoughtsEnd: StopFilter;
  #callBegin: StopFilter;
  #call: CallReader | undefined;
  #place: Place;
  /** Text before the first word, which may turn out to begin thoughts or a call. */
  #opening = "";
  #calls = 0;
  #isStopped = false;

  constructor(form: AnswerForm) {
    const { stops, thinking, syntax } = form;
    this.#form = form;
    this.#stops = new StopFilter(stops);
    this.#thoughtsEnd = new StopFilter(thinking === undefined ? [] : [thinking.close]);
    this.#callBegin = this.#createCallBegin();
    if (thinking?.isOpen === true) this.#place = "thoughts";
    else this.#place = thinking === undefined && syntax === undefined ? "content" : "opening";
  }

  get place(): Place {
    return this.#place;
  }

  get hasCalled(): boolean {
    return this.#calls > 0;
  }

  /** The parts that are certain now, and whether a stop string ended the answer. */
  push(text: string): { readonly parts: readonly AnswerPart[]; readonly isStopped: boolean } {
    const parts: AnswerPart[] = [];
    let rest = text;
    while (rest !== "" && !this.#isStopped) rest = this.#take(rest, parts);
    return { parts, isStopped: this.#isStopped };
  }

  /** What was held back, when the answer ended another way. */
  finish(): readonly AnswerPart[] {
    const parts: AnswerPart[] = [];
    if (this.#place === "thoughts") addText(parts, "reasoning", this.#thoughtsEnd.flush());
    else if (this.#place === "call") parts.push(...(this.#call?.finish() ?? []));
    else {
      if (!this.hasCalled) this.#addContent(this.#opening, parts);
      this.#addContent(this.#callBegin.flush(), parts);
      if (!this.#isStopped) addText(parts, "content", this.#stops.flush());
    }
    return parts;
  }

  #take(text: string, parts: AnswerPart[]): string {
    switch (this.#place) {
      case "opening":
        return this.#takeOpening(text);
      case "thoughts": {
        const { text: thoughts, stopped, rest } = this.#thoughtsEnd.push(text);
        addText(parts, "reasoning", thoughts);
        if (stopped) this.#place = "opening";
        return rest;
      }
      case "content": {
        const { text: content, stopped, rest } = this.#callBegin.push(text);
        this.#addContent(content, parts);
        if (stopped && !this.#isStopped) this.#beginCall();
        return rest;
      }
      case "call": {
        const rest = this.#call?.push(text, parts) ?? "";
        if (this.#call?.isEnded === true) this.#place = "opening";
        return rest;
      }
    }
  }

  /** Blanks before the first word are no part of an answer that thinks or calls first. */
  #takeOpening(text: string): string {
    const opening = this.#opening + text;
    const words = opening.trimStart();
    const { thinking, syntax } = this.#form;
    if (
      words === "" ||
      (thinking !== undefined && words.length < thinking.open.length && thinking.open.startsWith(words))
    ) {
      this.#opening = opening;
      return "";
    }
    this.#opening = "";
    if (thinking !== undefined && words.startsWith(thinking.open)) {
      this.#place = "thoughts";
      return words.slice(thinking.open.length);
    }
    if (syntax?.open === "" && words.startsWith("{")) {
      this.#beginCall();
      return words;
    }
    this.#place = "content";
    return words;
  }

  #beginCall(): void {
    const { syntax } = this.#form;
    if (syntax === undefined) return;
    this.#call = new CallReader(this.#calls++, syntax);
    this.#callBegin = this.#createCallBegin();
    this.#place = "call";
  }

  #createCallBegin(): StopFilter {
    const { syntax } = this.#form;
    return new StopFilter(syntax === undefined || syntax.open === "" ? [] : [hermesTag]);
  }

  #addContent(text: string, parts: AnswerPart[]): void {
    const { text: content, stopped } = this.#stops.push(text);
    addText(parts, "content", content);
    this.#isStopped = stopped;
  }
}

function addText(parts: AnswerPart[], kind: "content" | "reasoning", text: string): void {
  if (text !== "") parts.push({ kind, text });
}
