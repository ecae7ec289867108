/** The one Postgres session that all clients share. */
export interface Engine {
  /**
   * Runs whole messages and resolves with all that the session answered. Rejects only where the engine itself broke:
   * nothing can be known of the session then, and the process must end.
   */
  run(messages: Uint8Array): Promise<Buffer>;
}
