/**
 * How large the parts of an Admin API request may be. OpenAI documents the page size; the others keep one request from
 * holding more than it usefully can.
 */

/** Objects of one page. */
export const pageObjectsMax = 100;
/** Characters of an e-mail address: the longest path that SMTP takes (RFC 5321, 4.5.3.1.3), without its brackets. */
export const emailCharactersMax = 254;
/** Values of one filter of a list: of e-mail addresses, ids or event types. */
export const filterValuesMax = 200;
/** Seconds until a key expires: a hundred years. */
export const expirySecondsMax = 3_153_600_000;
export const keyScopesMax = 128;
export const keyScopeCharactersMax = 64;
/** Projects that one invite grants membership of. */
export const inviteProjectsMax = 100;
/** Models that one allow-list or deny-list names. */
export const permittedModelsMax = 1_000;
/** The largest rate limit: requests, tokens, images or megabytes in its window. */
export const rateLimitMax = 1_000_000_000_000;
/** Unix seconds of the end of the year 9999. */
export const timestampMax = 253_402_300_799;
