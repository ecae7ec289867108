import type { OperationDefinition } from "@headrace/contract/common/operation.ts";
import { type OperationId, operations } from "@headrace/contract/operations.ts";
import fc from "fast-check";
import {
  type GeneratedRequest,
  goodRequests,
  inAnyManner,
  slowModelName,
  spoiltRequests,
} from "./generated-request.ts";
import type { IdName } from "./places.ts";

/** Requests that are sent one after the other, in an organization of their own. */
export type Chain = readonly GeneratedRequest[];

const requestsMax = 12;
const operationIds = Object.keys(operations) as OperationId[];

/** What has to run first so that an id is known. An organization, a project and its key are there from the start. */
const makersOf: Readonly<Partial<Record<IdName, readonly OperationId[]>>> = {
  user_id: ["createInvite", "acceptInvite"],
  invite_id: ["createInvite"],
  invite_token: ["createInvite"],
  conversation_id: ["createConversation"],
  item_id: ["createConversation", "createConversationItems"],
  response_id: ["createResponse"],
  completion_id: ["createChatCompletion"],
  key_id: ["createAdminApiKey"],
};

/** A whole life: made, listed, read, changed, ended, and read again. */
const ages: readonly RegExp[] = [
  /^create/,
  /^list/,
  /^(retrieve|verify|count|compact)/,
  /^(update|restrict|rotate|cancel)/,
];

function ageOf(id: OperationId): number {
  const age = ages.findIndex((pattern) => pattern.test(id));
  return age === -1 ? ages.length : age;
}

export const tags: readonly string[] = [...new Set(operationIds.map((id) => operations[id].tag))];

/** What reaches a model, or keeps what one said. */
const modelTags = [
  ...new Set(operationIds.filter((id) => isForProjects(operations[id])).map((id) => operations[id].tag)),
];

function isForProjects({ scope }: OperationDefinition): boolean {
  return scope.startsWith("api.model") || scope.startsWith("api.responses");
}

/** The operations of a tag, in the order of a whole life. */
export function operationsOf(tag: string): OperationId[] {
  const ids = operationIds.filter((id) => operations[id].tag === tag);
  // Among those that end something, what is inside comes first: its end is the end of all that it holds.
  const depthOf = (id: OperationId): number => (ageOf(id) === ages.length ? -operations[id].path.length : 0);
  return ids.toSorted((one, other) => ageOf(one) - ageOf(other) || depthOf(one) - depthOf(other));
}

function preparationOf(ids: readonly OperationId[]): OperationId[] {
  const places = ids.flatMap((id) => [...(operations[id] as OperationDefinition).path.matchAll(/\{(\w+)\}/g)]);
  const makers = places.flatMap(([, name]) => makersOf[name as IdName] ?? []);
  // Whoever is invited is in the first project from the start.
  if (ids.includes("createProjectUser")) makers.push("createProject");
  return [...new Set(makers)].filter((maker) => !ids.includes(maker));
}

/** A response that is cancelled before it is done. */
const cancelledResponse: fc.Arbitrary<Chain> = fc.tuple(
  goodRequests("createResponse").map((request) => ({
    ...request,
    body: JSON.stringify({ model: slowModelName, input: "x", background: true }),
  })),
  goodRequests("cancelResponse"),
);

/** The life of one tag's objects, all of it good requests. */
export function lifeOf(tag: string): fc.Arbitrary<Chain> {
  const ids = operationsOf(tag);
  const afterwards = ids.filter((id) => id.startsWith("retrieve"));
  const life = fc.tuple(...[...preparationOf(ids), ...ids, ...afterwards].map(goodRequests));
  return ids.includes("cancelResponse") ? fc.tuple(life, cancelledResponse).map((chains) => chains.flat()) : life;
}

/** Requests of one tag and now and then of another, in any order, half of them spoilt. */
export const anyChain: fc.Arbitrary<Chain> = fc
  .oneof(fc.constantFrom(...modelTags), fc.constantFrom(...tags))
  .chain((tag) => {
    const ids = operationsOf(tag);
    const operation = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...ids) },
      { weight: 1, arbitrary: fc.constantFrom(...operationIds) },
    );
    const request = operation.chain((id) => inAnyManner(fc.oneof(goodRequests(id), spoiltRequests(id))));
    const preparation = fc.tuple(...[...preparationOf(ids), ...ids.filter((id) => ageOf(id) === 0)].map(goodRequests));
    return fc
      .tuple(preparation, fc.array(request, { minLength: 1, maxLength: requestsMax, size: "max" }))
      .map(([before, requests]) => [...before, ...requests]);
  });
