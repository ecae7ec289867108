import { headerBytes, readText, serverMessage } from "./wire-messages.ts";

/** What the engine answered to one batch. */
export type EngineReply = {
  /** The bytes for the client that sent the batch. */
  readonly forSender: Buffer;
  readonly notifications: readonly { readonly channel: string; readonly bytes: Buffer }[];
  /** The state byte of the last ReadyForQuery, or `undefined` where there was none. */
  readonly transactionState: number | undefined;
  readonly hasError: boolean;
};

/**
 * Takes the engine's answer apart. Notifications go by channel, whoever caused their delivery; the first ParseComplete
 * is left out where the front itself put a Parse before the client's messages. Throws on bytes that are no messages.
 */
export function readEngineReply(reply: Buffer, leaveOutFirstParseComplete: boolean): EngineReply {
  const kept: Buffer[] = [];
  const notifications: { channel: string; bytes: Buffer }[] = [];
  let transactionState: number | undefined;
  let hasError = false;
  let leaveOut = leaveOutFirstParseComplete;
  let keptFrom = 0;
  let at = 0;
  while (at < reply.length) {
    const end = at + 1 + reply.readInt32BE(at + 1);
    if (end > reply.length || end < at + headerBytes) throw new Error("the engine's answer breaks off");
    const type = reply[at];
    if (type === serverMessage.error) hasError = true;
    const isNotification = type === serverMessage.notification;
    const isOurs = leaveOut && type === serverMessage.parseComplete;
    if (type === serverMessage.readyForQuery) transactionState = reply[at + headerBytes];
    if (isNotification || isOurs) {
      kept.push(reply.subarray(keptFrom, at));
      keptFrom = end;
    }
    if (isOurs) leaveOut = false;
    if (isNotification) {
      const channel = readText(reply, at + headerBytes + processIdBytes).text;
      notifications.push({ channel, bytes: reply.subarray(at, end) });
    }
    at = end;
  }
  const forSender = kept.length === 0 ? reply : Buffer.concat([...kept, reply.subarray(keptFrom)]);
  return { forSender, notifications, transactionState, hasError };
}

const processIdBytes = 4;
