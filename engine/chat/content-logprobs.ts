import type { AnswerPart, Place } from "./answer-reader.ts";
import type { TokenLogprob } from "./sampler.ts";

/**
 * Tells the likelihoods of the tokens that an answer's text is made of, and of no others. What half a character, or what
 * may begin a call or a stop string, belongs to is certain only tokens later.
 */
export class ContentLogprobs {
  #uncertain: TokenLogprob[] = [];
  #place: Place | undefined;

  /** Takes the next token's likelihood and what came of the token; gives those that are certain now. */
  push(logprob: TokenLogprob | undefined, parts: readonly AnswerPart[], place: Place): readonly TokenLogprob[] {
    const before = this.#place;
    this.#place = place;
    if (logprob === undefined) return [];
    this.#uncertain.push(logprob);
    const isContent = hasContent(parts);
    const isOther = [before, place].some((one) => one === "thoughts" || one === "call");
    return isContent || isOther ? this.#take(isContent) : [];
  }

  /** The rest, when the answer has ended. */
  finish(parts: readonly AnswerPart[], isStopped: boolean): readonly TokenLogprob[] {
    const isUnfinishedCharacter = !isStopped && this.#place === "content";
    return this.#take(isUnfinishedCharacter || hasContent(parts));
  }

  #take(isTold: boolean): readonly TokenLogprob[] {
    const uncertain = this.#uncertain;
    this.#uncertain = [];
    return isTold ? uncertain : [];
  }
}

const hasContent = (parts: readonly AnswerPart[]): boolean => parts.some(({ kind }) => kind === "content");
