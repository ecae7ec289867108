import fc from "fast-check";
import { z } from "zod";
import { elementBounds } from "./schema-bounds.ts";

/**
 * Values that only the caller knows to be meaningful, by the name of the property that holds them or their list; where it
 * matters with that of the property that its object stands under, as in `conversation.id`.
 */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Optional members that one object is given at most: with all of them, hardly any request would be served. */
const optionalMembersMax = 3;
const elementsMax = 3;
const charactersMax = 60;

/** Texts that have broken databases, parsers and logs before. */
const oddTexts = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udc00\ud800",
  "\ufeff",
  "\u202etxt",
  "👩‍👩‍👧‍👦",
  "e\u0301",
  "'; drop table projects; --",
  "%s%n",
  "\\",
  '"',
  "\r\n\r\nHTTP/1.1 200 OK",
  "data: x\n\nevent: y\n\n",
  "<script>alert(1)</script>",
  "__proto__",
  "null",
  "NaN",
];

/**
 * Makes values that a schema accepts. What a schema says by a function (`refine`) is met by trying, so hints have to stand
 * in where luck would not do.
 * @throws Error for a kind of schema that the contract's requests do not use so far.
 */
export class SchemaArbitraries {
  readonly #hints: Hints;
  readonly #wanted: ReadonlySet<string>;
  readonly #made = new Map<string | undefined, Map<z.core.$ZodType, fc.Arbitrary<unknown>>>();

  /** @param wanted names of optional members that are mostly there, because hardly anything is done without them. */
  constructor(hints: Hints, wanted: readonly string[]) {
    this.#hints = hints;
    this.#wanted = new Set(wanted);
  }

  /** @param name the property that the value stands under; undefined for a whole body. */
  of(schema: z.core.$ZodType, name?: string): fc.Arbitrary<unknown> {
    const ofName = this.#made.get(name) ?? new Map<z.core.$ZodType, fc.Arbitrary<unknown>>();
    this.#made.set(name, ofName);
    const made = ofName.get(schema) ?? this.#make(schema, name);
    ofName.set(schema, made);
    return made;
  }

  #make(schema: z.core.$ZodType, name: string | undefined): fc.Arbitrary<unknown> {
    const hint = isLeaf(schema) ? this.#hintFor(name) : undefined;
    if (hint !== undefined) return hint;
    const made = this.#makeByKind(schema, name);
    const isChecked = schema instanceof z.ZodObject && (schema.def.checks?.length ?? 0) > 0;
    return isChecked ? made.filter((value) => schema.safeParse(value).success) : made;
  }

  #makeByKind(schema: z.core.$ZodType, name: string | undefined): fc.Arbitrary<unknown> {
    if (schema instanceof z.ZodObject) return this.#object(schema, name);
    if (schema instanceof z.ZodString) return textOf(schema);
    if (schema instanceof z.ZodNumber) return numberOf(schema);
    if (schema instanceof z.ZodBoolean) return fc.boolean();
    if (schema instanceof z.ZodNull) return fc.constant(null);
    if (schema instanceof z.ZodUnknown) return fc.jsonValue({ maxDepth: 2 });
    if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
    if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
    if (schema instanceof z.ZodUnion) return this.#union(schema as z.ZodUnion<readonly z.core.$ZodType[]>, name);
    if (schema instanceof z.ZodNullable) {
      return fc.oneof(
        { weight: 4, arbitrary: this.of(schema.unwrap(), name) },
        { weight: 1, arbitrary: fc.constant(null) },
      );
    }
    if (schema instanceof z.ZodOptional) return this.of(schema.unwrap(), name);
    if (schema instanceof z.ZodArray) {
      const { min, max } = elementBounds(schema as z.ZodArray);
      return fc.array(this.of(schema.element, name), {
        minLength: min,
        maxLength: Math.max(min, Math.min(max, elementsMax)),
      });
    }
    if (schema instanceof z.ZodRecord) {
      return fc.dictionary(this.of(schema.keyType) as fc.Arbitrary<string>, this.of(schema.valueType), {
        maxKeys: elementsMax,
      });
    }
    // What is made of a value before or after it is checked is no business of who sends it.
    if (schema instanceof z.ZodPipe) {
      return this.of(schema.in instanceof z.ZodTransform ? schema.out : schema.in, name);
    }
    throw new Error(`no values are generated for ${schema._zod.def.type}`);
  }

  #hintFor(name: string | undefined): fc.Arbitrary<unknown> | undefined {
    if (name === undefined) return undefined;
    return this.#hints[name] ?? this.#hints[name.slice(name.indexOf(".") + 1)];
  }

  /** A plain text, where one will do, as often as all else. */
  #union({ options }: z.ZodUnion<readonly z.core.$ZodType[]>, name: string | undefined): fc.Arbitrary<unknown> {
    return fc.oneof(
      ...options.map((option) => ({
        weight: option instanceof z.ZodString ? options.length - 1 : 1,
        arbitrary: this.of(option, name),
      })),
    );
  }

  #object(schema: z.ZodObject, name: string | undefined): fc.Arbitrary<unknown> {
    const outer = name?.slice(name.indexOf(".") + 1) ?? "";
    const members = Object.entries<z.core.$ZodType>(schema.shape);
    const required = members.filter(([, member]) => !(member instanceof z.ZodOptional));
    const optional = members.filter(([, member]) => member instanceof z.ZodOptional && !isNever(member.unwrap()));
    const wanted = optional.filter(([key]) => this.#wanted.has(key));
    const others = optional.filter(([key]) => !this.#wanted.has(key));
    const chosen = fc.tuple(
      fc.oneof({ weight: 9, arbitrary: fc.constant(wanted) }, { weight: 1, arbitrary: fc.subarray(wanted) }),
      fc.subarray(others, { maxLength: Math.min(others.length, optionalMembersMax) }),
    );
    return chosen.chain((optionals) => {
      const entries = [...required, ...optionals.flat()].map(
        ([key, member]) => [key, this.of(member, `${outer}.${key}`)] as const,
      );
      return fc.record(Object.fromEntries(entries), { noNullPrototype: true });
    });
  }
}

function isLeaf(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodString || schema instanceof z.ZodBoolean || isCheckedText(schema);
}

/** A text that is changed before or after its check, such as a cursor. */
function isCheckedText(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodPipe && schema.in instanceof z.ZodString;
}

function isNever(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodNullable) return isNever(schema.unwrap());
  return schema instanceof z.ZodNever;
}

function textOf(schema: z.ZodString): fc.Arbitrary<string> {
  const minLength = schema.minLength ?? 0;
  const maxLength = Math.max(minLength, Math.min(schema.maxLength ?? charactersMax, charactersMax));
  const isGood = (text: string): boolean => schema.safeParse(text).success;
  if (z.globalRegistry.get(schema)?.format === "email") {
    return fc.stringMatching(/^[a-z]{1,8}[0-9]{1,8}@[a-z]{1,8}\.example$/);
  }
  const [pattern] = schema._zod.bag.patterns ?? [];
  if (pattern !== undefined) return fc.stringMatching(pattern, { maxLength }).filter(isGood);
  const plain = fc.string({ minLength, maxLength, unit: fc.constantFrom(..."abcdefghijklmnop 123._-") });
  const wild = fc.string({ minLength, maxLength, unit: "binary" });
  const odd = oddTexts.filter(isGood);
  const longest = schema.maxLength !== null && schema.maxLength <= 4_096 ? ["x".repeat(schema.maxLength)] : [];
  return fc
    .oneof(
      { weight: 5, arbitrary: plain },
      { weight: 2, arbitrary: wild },
      { weight: 3, arbitrary: fc.constantFrom("x".repeat(Math.max(1, minLength)), ...odd, ...longest) },
    )
    .filter(isGood);
}

function numberOf(schema: z.ZodNumber): fc.Arbitrary<number> {
  const min = schema.minValue ?? -1e6;
  const max = schema.maxValue ?? 1e6;
  if (!schema.isInt) return fc.double({ min: Math.max(min, -1e300), max: Math.min(max, 1e300), noNaN: true });
  const low = Math.ceil(Math.max(min, Number.MIN_SAFE_INTEGER));
  const high = Math.floor(Math.min(max, Number.MAX_SAFE_INTEGER));
  return fc.oneof(fc.constantFrom(low, high), fc.integer({ min: low, max: Math.min(high, low + 100) }));
}
