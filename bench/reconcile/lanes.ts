/** What a client asks the platform, and which wire its model's server speaks. */
export type Lane = keyof typeof lanes;

type LaneParts = {
  readonly path: string;
  readonly model: string;
  /** The request's own part of the body. */
  readonly ask: (text: string) => object;
  /** What stands before each word of a stream's events. */
  readonly deltaMark: string;
  /** The last event of a stream that is whole. */
  readonly endMark: RegExp;
  /** The event of a stream that tells an error. */
  readonly errorMark: RegExp;
  /** What an answer that is not streamed says. */
  readonly saidIn: (answer: WholeAnswer) => string | undefined;
};

type WholeAnswer = {
  readonly choices?: readonly { readonly message?: { readonly content: string }; readonly text?: string }[];
  readonly output?: readonly { readonly content: readonly { readonly text: string }[] }[];
};

const dataLines = { endMark: /^data: \[DONE\]$/m, errorMark: /^data: \{"error":/m };
const chat = {
  path: "/v1/chat/completions",
  ask: (content: string) => ({ messages: [{ role: "user", content }] }),
  deltaMark: '"content":"word ',
  ...dataLines,
  saidIn: ({ choices }: WholeAnswer) => choices?.[0]?.message?.content,
};
const responses = {
  path: "/v1/responses",
  ask: (input: string) => ({ input }),
  deltaMark: '"delta":"word ',
  endMark: /^event: response\.(completed|incomplete)$/m,
  errorMark: /^event: response\.failed$/m,
  saidIn: ({ output }: WholeAnswer) => output?.[0]?.content[0]?.text,
};

export const lanes = {
  chat: { ...chat, model: "planned" },
  "chat over responses": { ...chat, model: "planned-responses" },
  responses: { ...responses, model: "planned" },
  "responses over chat": { ...responses, model: "planned-chat" },
  completions: {
    path: "/v1/completions",
    model: "planned",
    ask: (prompt: string) => ({ prompt }),
    deltaMark: '"text":"word ',
    ...dataLines,
    saidIn: ({ choices }: WholeAnswer) => choices?.[0]?.text,
  },
  embeddings: {
    path: "/v1/embeddings",
    model: "planned",
    ask: (input: string) => ({ input }),
    deltaMark: "no stream",
    ...dataLines,
    saidIn: () => undefined,
  },
} as const satisfies Record<string, LaneParts>;

/** The models of all lanes, lines of a headrace.yaml. @param before stands before each name. */
export function laneModels(provider: string, before = ""): string {
  return `  - { name: ${before}planned, provider: ${provider}, model: planned }
  - { name: ${before}planned-chat, provider: ${provider}, model: planned, apis: [chat] }
  - { name: ${before}planned-responses, provider: ${provider}, model: planned, apis: [responses] }
`;
}
