import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Schema } from "./random-schema.ts";

/** Judges values by a schema. Decimal multiples are compared to nine places: doubles have no exact tenths. */
export function validatorOf(schema: Schema): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 9, validateSchema: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return (value) => validate(value) === true;
}
