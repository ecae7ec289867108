import type { Fields } from "../../request-fields.ts";
import { annotations, definitionKeywords, keywordsOfType, type TypeName, typeNames } from "./keywords.ts";
import { invalidSchema, type SchemaPath, type SchemaSource } from "./schema-source.ts";

/** One schema object with its place, so that each look at it can name what is wrong. */
export class SchemaNode {
  readonly path: SchemaPath;
  readonly #fields: Fields;
  readonly #source: SchemaSource;

  private constructor(fields: Fields, path: SchemaPath, source: SchemaSource) {
    this.#fields = fields;
    this.path = path;
    this.#source = source;
  }

  /** Throws an ApiError where the value is no schema object. */
  static of(value: unknown, path: SchemaPath, source: SchemaSource): SchemaNode {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw invalidSchema(source, path, `${JSON.stringify(value)?.slice(0, 80)} is not of type 'object'.`);
    return new SchemaNode(value as Fields, path, source);
  }

  refuse(what: string, cause?: unknown): Error {
    return invalidSchema(this.#source, this.path, what, cause);
  }

  has(keyword: string): boolean {
    return this.get(keyword) !== undefined;
  }

  get(keyword: string): unknown {
    return Object.hasOwn(this.#fields, keyword) ? this.#fields[keyword] : undefined;
  }

  /** Keywords that demand something. */
  demands(): string[] {
    return Object.keys(this.#fields).filter(
      (keyword) => !annotations.has(keyword) && !definitionKeywords.has(keyword) && !this.#demandsNothing(keyword),
    );
  }

  refuseOthers(allowed: readonly string[], beside?: string): void {
    const other = this.demands().find((keyword) => !allowed.includes(keyword));
    if (other !== undefined)
      throw this.refuse(`'${other}' is not permitted${beside === undefined ? "" : ` beside '${beside}'`}.`);
  }

  /** The types of `type`; nothing where it is missing. */
  types(): readonly TypeName[] | undefined {
    const value = this.get("type");
    if (value === undefined) return undefined;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) throw this.refuse("'type' must name a type.");
    return list.map((name) => {
      const known = typeNames.find((typeName) => typeName === name);
      if (known === undefined) throw this.refuse(`${JSON.stringify(name)?.slice(0, 80)} is not a valid 'type'.`);
      return known;
    });
  }

  /** The types whose keywords are used, where `type` itself is missing: only those are sampled. */
  impliedTypes(): readonly TypeName[] {
    const demands = new Set(this.demands());
    return typeNames.filter(
      (name) => name !== "integer" && keywordsOfType[name].some((keyword) => demands.has(keyword)),
    );
  }

  number(keyword: string): number | undefined {
    const value = this.get(keyword);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value)) throw this.refuse(`'${keyword}' must be a number.`);
    return value;
  }

  count(keyword: string): number | undefined {
    const value = this.number(keyword);
    if (value !== undefined && !(Number.isInteger(value) && value >= 0))
      throw this.refuse(`'${keyword}' must be a non-negative integer.`);
    return value;
  }

  string(keyword: string): string | undefined {
    const value = this.get(keyword);
    if (value !== undefined && typeof value !== "string") throw this.refuse(`'${keyword}' must be a string.`);
    return value;
  }

  list(keyword: string): readonly unknown[] | undefined {
    const value = this.get(keyword);
    if (value !== undefined && !Array.isArray(value)) throw this.refuse(`'${keyword}' must be an array.`);
    return value;
  }

  strings(keyword: string): readonly string[] {
    return (this.list(keyword) ?? []).map((value) => {
      if (typeof value !== "string") throw this.refuse(`'${keyword}' must hold strings only.`);
      return value;
    });
  }

  /** The entries of a keyword that names schemas. */
  entries(keyword: string): readonly (readonly [string, unknown])[] {
    const value = this.get(keyword);
    if (value === undefined) return [];
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.refuse(`'${keyword}' must be an object.`);
    return Object.entries(value);
  }

  #demandsNothing(keyword: string): boolean {
    return keyword === "uniqueItems" && this.get(keyword) === false;
  }
}
