/** A committed file that a program writes. `content` gives its whole text and touches nothing. */
export type GeneratedFile = {
  /** Below the checkout's root. */
  readonly path: string;
  readonly content: () => string;
};
