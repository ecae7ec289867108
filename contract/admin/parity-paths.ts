/**
 * The paths of all keys of an object and of the objects in it: `a`, `a.b`. `Exceptions` looks at an object's own keys
 * and takes two inner objects that differ in optional keys only for the same; comparing paths finds those.
 */
export type Paths<Type> = Type extends readonly (infer Element)[]
  ? Paths<Element>
  : Type extends object
    ? { [Key in keyof Type & string]-?: Key | `${Key}.${Paths<NonNullable<Type[Key]>>}` }[keyof Type & string]
    : never;
