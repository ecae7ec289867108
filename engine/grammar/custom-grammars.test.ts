import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GrammarBuilder } from "./index.ts";
import { Recognizer } from "./testing/recognizer.ts";

const param = "tools[0].format";
const lark = (definition: string): Recognizer => {
  const builder = new GrammarBuilder();
  return new Recognizer(builder.finish(builder.lark(definition, param), param));
};
const regex = (pattern: string): Recognizer => {
  const builder = new GrammarBuilder();
  return new Recognizer(builder.finish(builder.regex(pattern, param), param));
};

/** The example of OpenAI's guide to custom tools. */
const arithmetic = String.raw`
start: expr
expr: term (SP ADD SP term)* -> add
    | term
term: factor (SP MUL SP factor)* -> mul
    | factor
factor: INT
SP: " "
ADD: "+"
MUL: "*"
%import common.INT
`;

/** The grammar of Codex's apply_patch tool. */
const patch = String.raw`
start: begin_patch hunk+ end_patch
begin_patch: "*** Begin Patch" LF
end_patch: "*** End Patch" LF?

hunk: add_hunk | delete_hunk | update_hunk
add_hunk: "*** Add File: " filename LF add_line+
delete_hunk: "*** Delete File: " filename LF
update_hunk: "*** Update File: " filename LF change_move? change?

filename: /(.+)/
add_line: "+" /(.*)/ LF -> line

change_move: "*** Move to: " filename LF
change: (change_context | change_line)+ eof_line?
change_context: ("@@" | "@@ " /(.+)/) LF
change_line: ("+" | "-" | " ") /(.*)/ LF
eof_line: "*** End of File" LF

%import common.LF
`;

const nested = String.raw`
// Sums with parentheses: the recursion is decided by the next character.
start: sum
?sum: sum ("+" | "-") product | product
?product: product ("*" | "/") atom | atom
atom: NUMBER | "(" sum ")"
%import common (NUMBER, WS_INLINE)
%ignore WS_INLINE
`;

describe("a Lark grammar", () => {
  test.each([
    [arithmetic, ["4 + 4", "7", "1 * 2 + 3"], ["4 +4", "", "4 +", "4+4"]],
    [
      patch,
      [
        "*** Begin Patch\n*** Add File: a.txt\n+hi\n+\n*** End Patch",
        "*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@ f\n-x\n+y\n z\n*** End of File\n*** End Patch\n",
      ],
      ["*** Begin Patch\n*** End Patch", "*** Begin Patch\n*** Add File: \n+hi\n*** End Patch"],
    ],
    [nested, ["1", " ( 1 + 2.5 )*3 ", "((1))-2/3e4"], ["(1", "1 2", "1+", "()", ""]],
    ['start: "a"i ~ 2..3 ["x".."z"] | TEN\nTEN: "10"', ["aA", "AAAy", "10"], ["a", "aaaa", "aaw"]],
    [
      `${String.raw`start: /\d+(\.\d+)?/ "\n" ESCAPED_STRING`}\n%import common.ESCAPED_STRING`,
      ['1.5\n"a\\"b"'],
      ['1.\n""'],
    ],
  ])("allows its texts and no others: %#", (definition, allowed, forbidden) => {
    const recognizer = lark(definition);
    expect(allowed.filter((text) => !recognizer.accepts(text))).toEqual([]);
    expect(forbidden.filter((text) => recognizer.accepts(text))).toEqual([]);
  });

  test.each([
    ["a: B", "has no rule 'start'"],
    ["start: b", "uses 'b' in 'start', which is not defined"],
    ['start.2: "a"', "gives 'start' a priority"],
    ['start: A\nA.1: "a"', "gives 'A' a priority"],
    ['start: A\nA: "a" A?', "has the terminal 'A', which names itself"],
    ["start: x{A}", "template"],
    ["%import python.NAME\nstart: NAME", "imports from 'python'"],
    ["%import common.NOTHING\nstart: NOTHING", "imports 'NOTHING'"],
    ["%declare X\nstart: X", "'%declare'"],
    ['start: "a" /b(?=c)/', "lookahead"],
    ["start: /a/x", "flag 'x'"],
    ['start: "a', "line 1"],
    ['start: "a"\n\n  ?', "line 3"],
    ['start: b\nb: "(" b ")"', "recursion without an end"],
    ['start: b | "x"\nb: c "y"\nc: b "z" | "w"', "left-recursive"],
    ['start: "(" start ")" "a" | "(" start ")" "b" | "c"', "ambiguous in a recursion"],
    ['start: "a"~1000000', "repeats too much"],
    ['start: ("a"?)~1..1000000', "repeats too much"],
    [
      `start: a0\n${Array.from({ length: 40 }, (_, i) => `a${i}: a${i + 1} a${i + 1}`).join("\n")}\na40: "x"`,
      "repeats too much",
    ],
    [`start: ${"(".repeat(200)}"a"${")".repeat(200)}`, "nests groups deeper"],
  ])("that can't be kept is refused, and what is the reason: %j", (definition, reason) => {
    expect(() => lark(definition)).toThrow(reason);
  });
});

/** Patterns that Rust and JavaScript read alike. */
const { pattern: anyPattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom("a", "b", "[ab]", "[^a]", "[b-c1]", ".", "\\d", "\\w", "\\x61", ""),
    fc.tuple(tie("pattern"), tie("pattern")).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map((parts) => `(?:${parts.join("|")})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,2}?", "{2,}", "*?"))
      .map(([part, quantifier]) => `(${part})${quantifier}`),
  ),
}));

test("whatever the pattern, its grammar has the texts that JavaScript matches as a whole", () => {
  fc.assert(
    fc.property(
      anyPattern,
      fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c", "1", "é"), maxLength: 6 }), { minLength: 20 }),
      (pattern, texts) => {
        const recognizer = regex(pattern);
        const expected = new RegExp(`^(?:${pattern})$`, "u");
        expect(texts.filter((text) => recognizer.accepts(text))).toEqual(texts.filter((text) => expected.test(text)));
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

describe("a regex grammar", () => {
  test.each([
    ["^(?P<month>January|February)\\s+\\d{1,2}(?:st|nd)?$", ["January 1st", "February  22"], ["january 1", "March 1"]],
    ["[^a-c\\]\\-\\x41]+?", ["x", "Bd"], ["a", "A", "-", "]"]],
    ["\\p{Lu}\\p{Greek}*|\\u{1F600}", ["Éαβ", "😀"], ["é", "Éa"]],
    ["a{0}b{2,}c?", ["bb", "bbbc"], ["abb", "b"]],
    [".*", ["", "anything at all"], ["a\nb"]],
  ])("allows what matches as a whole: %s", (pattern, allowed, forbidden) => {
    const recognizer = regex(pattern);
    expect(allowed.filter((text) => !recognizer.accepts(text))).toEqual([]);
    expect(forbidden.filter((text) => recognizer.accepts(text))).toEqual([]);
  });

  test.each([
    ["a(?=b)", "a lookahead '(?='"],
    ["a(?!b)", "a lookahead '(?!'"],
    ["(?<=a)b", "a lookbehind '(?<='"],
    ["(?<!a)b", "a lookbehind '(?<!'"],
    ["(a)\\1", "a backreference '\\1'"],
    ["\\bword\\b", "a word boundary"],
    ["(?i)a", "a group '(?i)"],
    ["a++", "a possessive quantifier"],
    ["a**", "a quantifier after a quantifier"],
    ["a^b", "an anchor"],
    ["(^a)", "an anchor inside a group"],
    ["(a", "nothing closes"],
    ["a)", "nothing opened"],
    ["[a", "nothing closes"],
    ["[z-a]", "wrong order"],
    ["a{3,2}", "wrong order"],
    ["\\p{Nothing}", "unknown Unicode property"],
    ["\\q", "the escape '\\q'"],
    ["[[:alpha:]]", "a class inside a class"],
    ["\\ud800", "no character"],
    ["[^\\s\\S]", "matches no text"],
    ["a{1,1000000}", "repeats too much"],
    ["((a{1,1000}){1,1000}){1,1000}", "repeats too much"],
    ["(a|b)*a(a|b){30}", "needs too many states"],
    [`${"(".repeat(101)}a${")".repeat(101)}`, "nests groups deeper"],
    ["a".repeat(20_001), "longer than"],
  ])("that can't be kept is refused, and what is the reason: %#", (pattern, reason) => {
    expect(() => regex(pattern)).toThrow(reason);
  });
});
