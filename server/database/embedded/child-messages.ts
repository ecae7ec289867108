/** What the supervisor gives the child as its one argument, as JSON. */
export type ChildSettings = {
  readonly databaseFolder: string;
  readonly lockFolder: string;
  readonly socketPath: string;
};

export type MessageToChild = { readonly type: "ping"; readonly number: number } | { readonly type: "stop" };

export type MessageFromChild =
  | { readonly type: "ready"; readonly serverVersion: string }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "warning"; readonly reason: string }
  | { readonly type: "pong"; readonly number: number };

/** How a child ends that could not open the database, and one whose session broke. */
export const exitCodes = { openFailed: 71, sessionBroke: 70 } as const;
