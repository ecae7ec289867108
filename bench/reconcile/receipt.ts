/** What a client had of one request. */
export type Receipt = {
  /** Its own name for the request, as the plan in its body says. */
  readonly case: string;
  /** `x-request-id`; undefined where no head came. */
  readonly requestId?: string;
  /** Of HTTP; 0 where no head came. */
  readonly status: number;
  /** Tokens in whole events that it has read. */
  readonly tokens: number;
  /**
   * `whole`: up to the terminal event. `told`: an error in OpenAI's shape. `left`: the client went away. `cut`: the
   * connection broke without a word.
   */
  readonly outcome: "whole" | "told" | "left" | "cut";
};
