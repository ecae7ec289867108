import type { Check } from "./check.ts";
import { lineAt } from "./code-text.ts";

const traces: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /(?<![\w.])\/(?:work|root|Users)\/[\w.-]+/g, message: "is a path of one machine" },
  { pattern: /(?<![\w.])\/home\/(?!user\b|headrace\b|app\b)[\w.-]+\//g, message: "is a path of one machine" },
  {
    pattern: /"resolved": "https?:[^"]*"/g,
    message: "names a registry's host; npm i with the .npmrc here leaves it out",
  },
  { pattern: /\b_authToken\b|(?<![\w/])\/\/[\w.-]+\/:_/g, message: "is a registry's credential" },
];

/** Nothing in the checkout names the machine, the registry or the account that it was made with. */
export const machineTraces: Check = {
  name: "machine traces",
  run(repository) {
    const files = repository.files.filter(({ path }) => !path.startsWith("tools/check/"));
    const findings = files.flatMap(({ path, text }) =>
      traces.flatMap(({ pattern, message }) =>
        [...text.matchAll(pattern)].map((match) => ({
          file: path,
          line: lineAt(text, match.index),
          message: `${match[0]} ${message}`,
        })),
      ),
    );
    return { looked: files.length, findings };
  },
};
