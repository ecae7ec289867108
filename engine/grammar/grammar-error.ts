/** Why a grammar can't be made; the message is the end of a sentence about what was asked for ("has a lookahead …"). */
export class GrammarError extends Error {
  override readonly name = "GrammarError";
}
