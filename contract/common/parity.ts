/**
 * Compares our types with those of OpenAI's SDK, at compile time only. Each way in which two objects may differ has to be
 * named with its reason; a difference that is not named does not compile, and neither does a name that is no difference
 * any more.
 */

/** The type without interfaces, brands and readonly, so that two spellings of one shape compare as equal. */
type Plain<Type> = Type extends string & Record<never, never>
  ? Extract<Type, string>
  : Type extends readonly (infer Element)[]
    ? Plain<Element>[]
    : Type extends object
      ? { -readonly [Key in keyof Type]: Plain<Type[Key]> }
      : Type;

export type Fits<From, To> = [Plain<From>] extends [Plain<To>] ? true : false;

/** `only_ours`, `only_sdk`, or which of the two takes values that the other doesn't. */
type Direction<Ours, Sdk> =
  Fits<Ours, Sdk> extends true
    ? Fits<Sdk, Ours> extends true
      ? never
      : "sdk_is_wider"
    : Fits<Sdk, Ours> extends true
      ? "ours_is_wider"
      : "each_has_more";

type OptionalKeys<Type> = {
  [Key in keyof Type]-?: Record<never, never> extends Pick<Type, Key> ? Key : never;
}[keyof Type];

type KeyDifference<Ours, Sdk, Key> = Key extends keyof Ours
  ? Key extends keyof Sdk
    ? Key extends OptionalKeys<Ours>
      ? Key extends OptionalKeys<Sdk>
        ? Direction<Exclude<Ours[Key], undefined>, Exclude<Sdk[Key], undefined>>
        : "ours_is_optional"
      : Key extends OptionalKeys<Sdk>
        ? "sdk_is_optional"
        : Direction<Ours[Key], Sdk[Key]>
    : "only_ours"
  : "only_sdk";

/** The keys in which two object types differ, each with how. */
export type Differences<Ours, Sdk> = {
  [Key in keyof Ours | keyof Sdk as [KeyDifference<Ours, Sdk, Key>] extends [never] ? never : Key]: KeyDifference<
    Ours,
    Sdk,
    Key
  >;
};

type Listed<Found> = keyof Found extends never
  ? Record<string, never>
  : { readonly [Key in keyof Found]: readonly [kind: Found[Key], reason: string] };

/**
 * Exactly the differences between two object types: `{} satisfies Exceptions<Ours, Sdk>` compiles where there are none.
 */
export type Exceptions<Ours, Sdk> = Listed<Differences<Ours, Sdk>>;

/** `true` where two types take the same values, otherwise which of them takes more. */
export type Same<Ours, Sdk> = [Direction<Ours, Sdk>] extends [never] ? true : Direction<Ours, Sdk>;
