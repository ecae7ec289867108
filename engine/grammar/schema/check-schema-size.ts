import { invalidSchema, type SchemaSource } from "./schema-source.ts";

/** Values in a schema, and characters of its strings and keys. */
const valuesMax = 100_000;
const charactersMax = 1_000_000;
/** Levels of its JSON; a level of the data takes two. */
const levelsMax = 200;

/** Refuses what would take long to look at, before anything else looks at it. Throws an ApiError. */
export function checkSchemaSize(schema: unknown, source: SchemaSource): void {
  const refuse = (what: string): Error => invalidSchema(source, [], `the schema ${what}.`);
  let values = 0;
  let characters = 0;
  const todo: { value: unknown; level: number }[] = [{ value: schema, level: 0 }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value, level } = next;
    if (typeof value === "string") characters += value.length;
    if (typeof value === "object" && value !== null) {
      if (level === levelsMax) throw refuse(`is nested deeper than ${levelsMax} levels of JSON`);
      values += Array.isArray(value) ? value.length : Object.keys(value).length;
      if (values > valuesMax) throw refuse(`holds more than ${valuesMax} values`);
      for (const [key, entry] of Object.entries(value)) {
        characters += key.length;
        todo.push({ value: entry, level: level + 1 });
      }
    }
    if (characters > charactersMax) throw refuse(`holds more than ${charactersMax} characters`);
  }
}
