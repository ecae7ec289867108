/**
 * All connections share one Postgres session, so a few statements mean something else than their sender expects. They
 * are replaced by statements that do the right thing, so that errors, order and transaction state stay the engine's.
 */
export type StatementRuling = {
  /** What to run instead, where the statement can't run as it is. */
  readonly replacement?: string;
  readonly listen?: string;
  /** A channel, or `*` for all. */
  readonly unlisten?: string;
};

const nothingStatement = "do 'begin end'";
const commentsAndTexts = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g;
const listenStatement = /^\s*(un)?listen\s+(?:"((?:[^"]|"")+)"|([^\s;"]+))\s*;?\s*$/i;
const copyFromClient = /(?:^|;)\s*copy\b[^;]*\bfrom\s+stdin\b/i;
const sessionWide =
  /(?:^|;)\s*(?:discard|deallocate\s+(?:prepare\s+)?all|(?:set\s+(?:session\s+)?|reset\s+)(?:role|session\s+authorization)|reset\s+all)\b/i;
/** All statements that are ruled on start with one of these words; the rest, nearly everything, passes unread. */
const anyRuledWord = /listen|stdin|discard|deallocate|role|authorization|reset/i;

export function ruleOn(sql: string): StatementRuling | undefined {
  if (!anyRuledWord.test(sql)) return undefined;
  const plain = sql.replace(commentsAndTexts, " ");
  const listening = listenStatement.exec(plain);
  if (listening) {
    const channel = listening[2]?.replaceAll('""', '"') ?? listening[3]?.toLowerCase() ?? "";
    if (listening[1] === undefined) return { listen: channel };
    // The session goes on listening for the others; the front stops passing the channel on to this connection.
    return { unlisten: channel, replacement: nothingStatement };
  }
  if (copyFromClient.test(plain)) return { replacement: refusal("COPY FROM STDIN") };
  if (sessionWide.test(plain)) return { replacement: refusal("a change of what all connections share") };
  return undefined;
}

function refusal(what: string): string {
  const body = `begin raise exception using errcode = 'feature_not_supported', message = '${what}: not available on the embedded database, whose connections share one session'; end`;
  return `do $refusal$${body}$refusal$`;
}
