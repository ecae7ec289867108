type WithoutNulls<Body> = { [Key in keyof Body]: Exclude<Body[Key], null> };

/** For operations in all of whose parameters null says what leaving out says. */
export function withoutNulls<Body extends object>(body: Body): WithoutNulls<Body> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as WithoutNulls<Body>;
}
