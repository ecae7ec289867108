import type * as Sdk from "openai/resources/completions";
import type { Exceptions } from "./common/parity.ts";
import type { Completion, CreateCompletionBody } from "./completions.ts";

export const createCompletionBodyExceptions = {} satisfies Exceptions<
  CreateCompletionBody,
  Sdk.CompletionCreateParamsBase
>;

export const completionExceptions = {} satisfies Exceptions<Completion, Sdk.Completion>;
export const completionChoiceExceptions = {} satisfies Exceptions<Completion["choices"][number], Sdk.CompletionChoice>;
