import { ApiError } from "@headrace/contract/common/errors.ts";
import { answerGrammar, type GrammarRequest } from "../chat/answer-grammar.ts";
import { WorkMeter } from "../grammar/index.ts";
import type { CompilerAnswer, CompilerTask } from "./compiler-protocol.ts";

/** The compiler's process: it makes the grammars that its parent, the engine, asks for, and ends with it. */
process.on("message", (task: CompilerTask) => {
  const answer: CompilerAnswer = { outcome: compile(task), residentBytes: process.memoryUsage().rss };
  process.send?.(answer);
});
process.on("disconnect", () => process.exit(0));

/** Processor time: what a grammar is refused for must not hang on what else the machine does. */
const processorMs = (): number => process.cpuUsage().user / 1000;

function compile({ request, processorMsMax }: CompilerTask): CompilerAnswer["outcome"] {
  try {
    return {
      grammar: answerGrammar(JSON.parse(request) as GrammarRequest, new WorkMeter(processorMsMax, processorMs)),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message, param } = error;
    return { refusal: { code, message, param } };
  }
}
