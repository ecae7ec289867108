/** A build that breaks one promise by one change, and the test that has to notice. */
export type BrokenBuild = {
  /** What is promised. */
  readonly promise: string;
  /** Below the root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The test file, below the root. */
  readonly test: string;
  readonly testName: string;
  /** Seconds on a quiet machine rather than a minute: a few of these run with every `npm test`. */
  readonly isQuick?: true;
  /** The test runs only where HEADRACE_TEST_DATABASE_URL names a server, and on that. */
  readonly needsPostgres?: true;
};
