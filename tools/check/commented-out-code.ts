import type { Check } from "./check.ts";
import { codeFiles } from "./repository.ts";

/** A `//` line that ends as a statement does, or begins as one. Prose hardly ever does. */
const looksLikeCode =
  /^\s*\/\/\s*(?:.*(?:\w\(.*\)|\s=\s.*);|\}[\s);,]*|(?:const|let|import|export|return|await|if|for|while|throw|function)\b.*[=({].*[;{)])\s*$/;

/** An example is fine in a docstring; a line comment that is code is code that somebody could not part with. */
export const commentedOutCode: Check = {
  name: "commented-out code",
  run(repository) {
    const files = codeFiles(repository).filter(({ path }) => !path.startsWith("tools/check/"));
    const findings = files.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) =>
        looksLikeCode.test(line)
          ? [
              {
                file: path,
                line: index + 1,
                message: `"${line.trim()}" is code in a comment: delete it, git keeps it`,
              },
            ]
          : [],
      ),
    );
    return { looked: files.length, findings };
  },
};
