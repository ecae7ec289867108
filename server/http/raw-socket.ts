/** An open WebSocket as the listener gives it. None of its methods throws, also when the other end is gone. */
export type RawSocket = {
  /** Sends a text message. @returns whether there is room for more; if not, wait for `drained`. */
  write(text: string): boolean;
  ping(): void;
  /** Reads no more: what the client sends stays with the client. */
  pause(): void;
  resume(): void;
  /** Says goodbye behind what was written. */
  close(code: number, reason: string): void;
  /** Ends the connection without a word. */
  terminate(): void;
};

/** What the listener tells of a WebSocket. None of its methods may throw. */
export type SocketEvents = {
  opened(socket: RawSocket): void;
  text(message: string): void;
  /** A message that is not text came. */
  binary(): void;
  /** A ping was answered. */
  pong(): void;
  /** Bytes have left; `bufferedBytes` still wait. */
  drained(bufferedBytes: number): void;
  /** Called once, whoever ended it. */
  closed(code: number): void;
};
