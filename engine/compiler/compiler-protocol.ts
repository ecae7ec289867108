import type { ErrorCode } from "@headrace/contract/common/errors.ts";

/** What the engine sends its compiler: one at a time. */
export type CompilerTask = {
  /** A GrammarRequest as JSON. */
  readonly request: string;
  /** What takes more of the processor's time is refused. */
  readonly processorMsMax: number;
};

export type CompilerAnswer = {
  readonly outcome:
    | { readonly grammar: string }
    | { readonly refusal: { readonly code: ErrorCode; readonly message: string; readonly param: string | null } };
  /** The compiler's memory. */
  readonly residentBytes: number;
};
