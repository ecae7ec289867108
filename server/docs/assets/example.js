const depthMax = 6;

/** A first body to edit: the schema's own example, else its required fields with the plainest value of their type. */
export function exampleOf(schema, description) {
  const value = schema.example ?? schema.examples?.[0] ?? sample(schema, description, 0);
  return JSON.stringify(value, null, 2);
}

function sample(schema, description, depth) {
  const known = schema.$ref ? description.components.schemas[schema.$ref.split("/").at(-1)] : schema;
  if (known.const !== undefined) return known.const;
  if (known.default !== undefined) return known.default;
  if (known.enum) return known.enum[0];
  if (depth > depthMax) return null;
  const choice = (known.anyOf ?? known.oneOf)?.[0];
  if (choice) return sample(choice, description, depth + 1);
  if (known.allOf) return Object.assign({}, ...known.allOf.map((part) => sample(part, description, depth + 1)));
  return sampleOfType(known, description, depth);
}

function sampleOfType(schema, description, depth) {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "object": {
      const required = (schema.required ?? []).map((name) => [name, schema.properties?.[name] ?? {}]);
      return Object.fromEntries(required.map(([name, field]) => [name, sample(field, description, depth + 1)]));
    }
    case "array":
      return schema.items ? [sample(schema.items, description, depth + 1)] : [];
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return "";
  }
}
