import { type RunningServer, startServer } from "@headrace/conformance/node/serve.mjs";
import { startChatProvider } from "../chat-provider.ts";
import { type Figure, medianOf, type Section } from "../figure.ts";
import { databaseKinds, newPlace } from "../place.ts";

const pairs = 1_500;
/** Objects of the other tenant that are asked for in turn, and as many ids that nobody has. */
const idsOfEachKind = 20;
/**
 * How far from even odds a guess may be that takes the slower answer for the foreign id: four standard errors of the
 * rank statistic with this many pairs.
 */
const advantageMax = 0.04;

type Ask = (id: string) => { readonly key: string; readonly path: string; readonly body?: object };
type Question = { readonly name: string; readonly ask: Ask; readonly foreign: readonly string[] };
type Tenant = { readonly adminKey: string; readonly projectId: string; readonly projectKey: string };

/** Whether time tells an id of another tenant from one that nobody has: both are asked for in turns, in random order. */
export async function strangers(): Promise<Section> {
  const figures: Figure[] = [];
  for (const kind of databaseKinds) {
    await using place = await newPlace(kind);
    await using provider = await startChatProvider();
    const environment = { ...place.environment, HEADRACE_MODELS: "none" };
    const server = await startServer({ folder: place.folder, environment, yaml: provider.yaml });
    try {
      for (const question of await questionsTo(server)) figures.push(await compare(server, kind, question));
    } finally {
      await server.stop();
    }
  }
  return {
    title: "Ids of strangers",
    method: `One organization asks for ${idsOfEachKind} objects of another and for as many ids that nobody has, ${pairs} pairs in random order, one request at a time. Told is how often the foreign id's answer is the slower one of two drawn at random: 0.5 tells nothing. A test holds that both run the very same statements and answer byte for byte the same.`,
    figures,
  };
}

async function compare(server: RunningServer, kind: string, { name, ask, foreign }: Question): Promise<Figure> {
  const unknown = foreign.map((id) => `${id.slice(0, -6)}zzzzzz`);
  const timesMs: Record<"foreign" | "unknown", number[]> = { foreign: [], unknown: [] };
  const time = async (whose: "foreign" | "unknown", index: number): Promise<void> => {
    const id = (whose === "foreign" ? foreign : unknown)[index % idsOfEachKind] ?? "";
    const startedMs = performance.now();
    const response = await send(server, ask(id));
    await response.arrayBuffer();
    timesMs[whose].push(performance.now() - startedMs);
    if (response.status < 400) throw new Error(`${name}: a stranger's object was given out.`);
  };
  for (let pair = 0; pair < pairs; pair++) {
    const order = Math.random() < 0.5 ? (["foreign", "unknown"] as const) : (["unknown", "foreign"] as const);
    for (const whose of order) await time(whose, pair);
  }
  const told = oddsOfSlower(timesMs.foreign, timesMs.unknown);
  const medians = `${medianOf(timesMs.foreign).toFixed(2)} and ${medianOf(timesMs.unknown).toFixed(2)} ms`;
  return {
    name: `${kind}: ${name}`,
    asked: `0.5 +- ${advantageMax}`,
    reached: `${told.toFixed(3)}, medians ${medians}`,
    isMet: Math.abs(told - 0.5) <= advantageMax,
  };
}

/** The share of pairs of one time from each list in which the first is the longer (Mann and Whitney's U). */
function oddsOfSlower(first: readonly number[], second: readonly number[]): number {
  const sorted = second.toSorted((left, right) => left - right);
  let wins = 0;
  for (const value of first) {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] ?? Number.POSITIVE_INFINITY) < value) low = middle + 1;
      else high = middle;
    }
    wins += low;
  }
  return wins / (first.length * second.length);
}

async function questionsTo(server: RunningServer): Promise<Question[]> {
  const [mine, other] = [await makeTenant(server), await makeTenant(server)];
  const made = async (path: string, body: () => object, key: string): Promise<string[]> => {
    const ids: string[] = [];
    for (let index = 0; index < idsOfEachKind; index++) ids.push((await read(server, { key, path, body: body() })).id);
    return ids;
  };
  const projects = "/v1/organization/projects";
  const messages = [{ role: "user", content: "x" }];
  const chat = () => ({ model: "bench", messages, store: true });
  const conversations = await made("/v1/conversations", () => ({}), other.projectKey);
  return [
    {
      name: "a project",
      ask: (id) => ({ key: mine.adminKey, path: `${projects}/${id}` }),
      foreign: await made(projects, () => ({ name: "theirs" }), other.adminKey),
    },
    {
      name: "a key of a project",
      ask: (id) => ({ key: mine.adminKey, path: `${projects}/${mine.projectId}/api_keys/${id}` }),
      foreign: await made(`/headrace/v1/projects/${other.projectId}/api_keys`, () => ({ name: "k" }), other.adminKey),
    },
    {
      name: "a stored chat completion",
      ask: (id) => ({ key: mine.projectKey, path: `/v1/chat/completions/${id}` }),
      foreign: await made("/v1/chat/completions", chat, other.projectKey),
    },
    {
      name: "a conversation",
      ask: (id) => ({ key: mine.projectKey, path: `/v1/conversations/${id}` }),
      foreign: conversations,
    },
    {
      name: "a conversation that a response is to go on with",
      ask: (id) => ({
        key: mine.projectKey,
        path: "/v1/responses",
        body: { model: "bench", input: "x", conversation: id },
      }),
      foreign: conversations,
    },
  ];
}

async function makeTenant(server: RunningServer): Promise<Tenant> {
  const organization = { key: server.operatorApiKey, path: "/headrace/v1/organizations", body: { name: "Tenant" } };
  const adminKey = (await read(server, organization)).admin_api_key.value;
  const project = { key: adminKey, path: "/v1/organization/projects", body: { name: "Project" } };
  const projectId = (await read(server, project)).id;
  const key = { key: adminKey, path: `/headrace/v1/projects/${projectId}/api_keys`, body: { name: "key" } };
  return { adminKey, projectId, projectKey: (await read(server, key)).value };
}

type Made = { readonly id: string; readonly value: string; readonly admin_api_key: { readonly value: string } };

async function read(server: RunningServer, asked: ReturnType<Ask>): Promise<Made> {
  const response = await send(server, asked);
  if (!response.ok) throw new Error(`${asked.path} gave ${response.status}: ${await response.text()}`);
  return (await response.json()) as Made;
}

function send({ url }: RunningServer, { key, path, body }: ReturnType<Ask>): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return fetch(url + path, { headers, ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }) });
}
