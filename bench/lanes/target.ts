/** Something that answers chat completions for the upstream: the upstream itself, Headrace, or a peer. */
export type Target = {
  readonly name: string;
  /** What it does for each request, in words: lanes are compared by it. */
  readonly does: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly apiKeys: readonly string[];
  /** Processes whose time is its own, by name; `gateway` is the one that is judged. */
  readonly processes: Readonly<Record<string, number>>;
};

export type RunningTarget = Target & AsyncDisposable;
