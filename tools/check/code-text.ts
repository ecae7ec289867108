/** A word after which a slash begins a regular expression, not a division. */
const regexMayFollow = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in|await|yield))\s*$/;

/**
 * The same text with comments, strings and regular expressions blanked, so that a search finds code only. Lines and
 * columns stay, and so do backquotes (a tag before one is code). Code inside `${…}` of a template stays readable.
 */
export function codeOnly(text: string): string {
  let out = "";
  let at = 0;
  /** For each open template, how many braces are open inside its current `${`. */
  const templates: number[] = [];
  const blank = (end: number): void => {
    out += text.slice(at, end).replace(/[^\n`]/g, " ");
    at = end;
  };
  const endOf = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.exec(text) ? pattern.lastIndex : text.length;
  };
  const blankTemplate = (): void => {
    const end = endOf(/(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y);
    if (text.endsWith("${", end) && end <= text.length) templates.push(0);
    blank(end);
  };
  while (at < text.length) {
    const character = text.charAt(at);
    const pair = text.slice(at, at + 2);
    if (pair === "//") blank(endOf(/[^\n]*/y));
    else if (pair === "/*") blank(endOf(/[\s\S]*?\*\//y));
    else if (character === '"') blank(endOf(/"(?:\\[\s\S]|[^"\\\n])*"?/y));
    else if (character === "'") blank(endOf(/'(?:\\[\s\S]|[^'\\\n])*'?/y));
    else if (character === "`") {
      blank(at + 1);
      blankTemplate();
    } else if (character === "/" && regexMayFollow.test(out.slice(-40))) {
      blank(endOf(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/y));
    } else {
      const open = templates.at(-1);
      if (character === "{" && open !== undefined) templates[templates.length - 1] = open + 1;
      if (character === "}" && open === 0) {
        templates.pop();
        blank(at + 1);
        blankTemplate();
        continue;
      }
      if (character === "}" && open !== undefined) templates[templates.length - 1] = open - 1;
      out += character;
      at += 1;
    }
  }
  return out;
}

/** One-based line of a position in a text. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
