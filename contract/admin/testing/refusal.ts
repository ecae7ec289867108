import { ApiError } from "../../common/errors.ts";

export type Refusal = readonly [code: string, param: string | null];

export const accepted: Refusal = ["accepted", null];

/** The code and the parameter of what a call refused; `accepted` where it refused nothing. */
export function refusal(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return [error.code, error.param];
    throw error;
  }
  return accepted;
}
