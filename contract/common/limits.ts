/**
 * How large the parts of a request may be. Where OpenAI documents a bound, it is OpenAI's; the others keep one request
 * from holding more than a body of the permitted size usefully can.
 */

/** Characters of one text: the longest string that OpenAI's Responses API takes. */
export const textCharactersMax = 10_485_760;
/** Characters of an image, audio clip or file in base64, or of a URL; the body limit is the closer bound. */
export const inlineDataCharactersMax = 134_217_728;
/** Characters of a name of something that a caller chose: a model, a file, a label. */
export const nameCharactersMax = 256;
/** Characters of an id that the platform gave out. */
export const idCharactersMax = 256;
/** Characters of a description that a model reads. */
export const descriptionCharactersMax = 65_536;

export const metadataPairsMax = 16;
export const metadataKeyCharactersMax = 64;
export const metadataValueCharactersMax = 512;

/** Characters of `user`, `safety_identifier`, `prompt_cache_key`. */
export const endUserCharactersMax = 128;
export const promptCacheKeyCharactersMax = 1024;

export const messagesMax = 16_384;
export const contentPartsMax = 2_048;
export const inputItemsMax = 16_384;
/** Items that one request adds to a conversation. */
export const conversationItemsMax = 20;
export const toolsMax = 128;
export const toolCallsMax = 1_024;
/** Characters of a function's or custom tool's name. */
export const toolNameCharactersMax = 64;
export const stopSequencesMax = 4;
export const stopSequenceCharactersMax = 1_024;
export const choicesMax = 128;
export const topLogprobsMax = 20;
/** Bytes of one token. */
export const tokenBytesMax = 1_024;
/** Tokens of an earlier answer whose probabilities are sent back. */
export const returnedLogprobsMax = 1_048_576;
export const annotationsMax = 65_536;
export const logitBiasTokensMax = 1_024;
/** Tokens that an answer may be asked to hold at most. */
export const outputTokensMax = 16_777_216;
/** Prompts of one legacy completions call. */
export const completionPromptsMax = 2_048;
/** Tokens of one prompt that is sent as tokens. */
export const promptTokensMax = 1_048_576;
export const toolCallRoundsMax = 65_536;
export const contextManagementEntriesMax = 16;
export const promptVariablesMax = 256;

/** Inputs of one embeddings call. */
export const embeddingInputsMax = 2_048;
/** Tokens of one embeddings input. */
export const embeddingTokensMax = 8_192;
export const embeddingDimensionsMax = 65_536;
