import { ApiError } from "@headrace/contract/common/errors.ts";
import type { ProjectScope } from "@headrace/contract/common/operation.ts";

const projectScopes = [
  "api.model.read",
  "api.model.request",
  "api.responses.read",
  "api.responses.write",
] as const satisfies readonly ProjectScope[];

/**
 * The scopes that a caller names for a key. None at all means every permission, as OpenAI has it.
 * @throws ApiError `invalid_value` for a scope that no operation served here asks for: it would promise nothing.
 */
export function readKeyScopes(names: readonly string[] | undefined): readonly ProjectScope[] | undefined {
  if (names === undefined || names.length === 0) return undefined;
  return names.map((name, index) => {
    const scope = projectScopes.find((each) => each === name);
    if (scope !== undefined) return scope;
    const supported = projectScopes.map((each) => `'${each}'`).join(", ");
    throw new ApiError("invalid_value", `Invalid value: '${name}'. Supported values are: ${supported}.`, {
      param: `scopes[${index}]`,
    });
  });
}
