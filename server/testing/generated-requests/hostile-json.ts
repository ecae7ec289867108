import fc from "fast-check";
import type { Bounds } from "./schema-bounds.ts";

/** Long texts up to this many characters are tried; a longer bound is left to the tests of the body's limit. */
const longTextCharactersMax = 70_000;

/** Pieces of JSON, or of what is none, that may stand where a value is expected. */
const tokens = [
  "null",
  "true",
  "0",
  "-1",
  "-0",
  "1.5",
  "1e400",
  "-1e400",
  "1e-400",
  "2147483648",
  "4294967296",
  "9007199254740992",
  "9007199254740993",
  "-9223372036854775809",
  "1e308",
  "NaN",
  "Infinity",
  "01",
  "0x10",
  "undefined",
  "'a'",
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\uffff"',
  '"\ufeff"',
  '"\u{1f469}\u200d\u{1f467}"',
  '"__proto__"',
  '"constructor"',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  "[{}]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"":""}',
  '{"type":"nobody-has-this"}',
  '{"$ref":"#"}',
  `${"[".repeat(65)}${"]".repeat(65)}`,
  `${'{"a":'.repeat(100)}1${"}".repeat(100)}`,
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `"${"a".repeat(300)}"`,
  `"${"a".repeat(longTextCharactersMax)}"`,
  `[${"null,".repeat(3_000)}null]`,
  `{${Array.from({ length: 300 }, (_, index) => `"k${index}":"v"`).join(",")}}`,
];

const names = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "id",
  "organization_id",
  "user",
  "",
  "\u0000",
  "a.b",
  "a[b]",
];

/** Values just beyond each bound of a schema. */
function beyond({ numbers, lengths }: Bounds): string[] {
  return [
    ...numbers.flatMap((bound) => [String(bound - 1), String(bound + 1), String(bound + 0.5)]),
    ...lengths
      .filter((length) => length < longTextCharactersMax)
      .flatMap((length) => [
        JSON.stringify("x".repeat(length + 1)),
        JSON.stringify("x".repeat(Math.max(0, length - 1))),
        `[${Array.from({ length: Math.min(length, 3_000) + 1 }, () => '"x"').join(",")}]`,
      ]),
  ];
}

type Spot = { readonly parent: Record<string, unknown> | unknown[]; readonly key: string };

/** Every place in a JSON value where another value could stand. */
function spotsOf(value: unknown, found: Spot[] = []): Spot[] {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    found.push({ parent: value as Spot["parent"], key });
    spotsOf(inner, found);
  }
  return found;
}

/** A way to spoil a good body. `pick` chooses the place, `token` is what comes in. */
type Edit = (body: unknown, pick: number, token: string) => string;

const mark = "a-hostile-value-stands-here";

const replaceValue: Edit = (body, pick, token) => {
  const copy = structuredClone(body);
  const spot = pickOf(spotsOf(copy), pick);
  if (spot === undefined) return token;
  Object.assign(spot.parent, { [spot.key]: mark });
  return JSON.stringify(copy).replace(`"${mark}"`, () => token);
};

const removeValue: Edit = (body, pick) => {
  const copy = structuredClone(body);
  const spot = pickOf(spotsOf(copy), pick);
  if (spot === undefined) return "";
  if (Array.isArray(spot.parent)) spot.parent.splice(Number(spot.key), 1);
  else delete spot.parent[spot.key];
  return JSON.stringify(copy);
};

/** Puts a member first, so that a known name is there twice. */
const putFirst = (body: unknown, name: string, token: string): string =>
  JSON.stringify(body)
    .replace("{", () => `{${JSON.stringify(name)}:${token},`)
    .replace(",}", "}");

const addMember: Edit = (body, pick, token) => putFirst(body, pickOf(names, pick) ?? "", token);
const doubleMember: Edit = (body, pick, token) =>
  putFirst(body, pickOf(Object.keys(Object(body)), pick) ?? "model", token);
const cutShort: Edit = (body, pick) => JSON.stringify(body).slice(0, pick % (JSON.stringify(body).length + 1));
const goOn: Edit = (body, _, token) => JSON.stringify(body) + token;
const replaceAll: Edit = (_, __, token) => token;

function pickOf<Value>(values: readonly Value[], pick: number): Value | undefined {
  return values[pick % Math.max(1, values.length)];
}

const edits: readonly (readonly [weight: number, edit: Edit])[] = [
  [8, replaceValue],
  [3, removeValue],
  [2, addMember],
  [2, doubleMember],
  [1, cutShort],
  [1, goOn],
  [1, replaceAll],
];

/** JSON texts made of good bodies by one change that most often makes them bad. */
export function hostileJson(bodies: fc.Arbitrary<unknown>, bounds: Bounds): fc.Arbitrary<string> {
  const hostile = fc.constantFrom(...tokens, ...beyond(bounds));
  return fc.oneof(
    ...edits.map(([weight, edit]) => ({
      weight,
      arbitrary: fc.tuple(bodies, fc.nat(10_000), hostile).map(([body, pick, token]) => edit(body, pick, token)),
    })),
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 50 }) },
  );
}
