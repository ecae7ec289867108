import type { GrammarMaker } from "../compiler/grammar-maker.ts";
import type { EngineOptions } from "../protocol.ts";
import type { Turns } from "./turns.ts";

/** What all models of the process share. */
export type Evaluation = {
  readonly options: EngineOptions;
  readonly turns: Turns;
  readonly grammars: GrammarMaker;
  /** Notes tokens that were evaluated. */
  count(tokens: number): void;
};
