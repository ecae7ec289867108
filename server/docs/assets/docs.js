// The API reference: draws /openapi.json and sends what the reader tries. It asks nobody but this server.
import { exampleOf } from "./example.js";
import { send } from "./send.js";

const methods = ["get", "post", "put", "patch", "delete"];

/** Makes an element; children are elements or text, never markup. */
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function operationsOf(description) {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => ({ path, method, ...item[method] })),
  );
}

function bodySchemaOf(operation) {
  return operation.requestBody?.content?.["application/json"]?.schema;
}

function parameterFields(operation) {
  return (operation.parameters ?? [])
    .filter((parameter) => parameter.in === "path" || parameter.in === "query")
    .map((parameter) => {
      const input = make("input", { name: parameter.name, placeholder: parameter.schema?.type ?? "", size: 32 });
      input.dataset.place = parameter.in;
      const label = make("label", {}, `${parameter.name}${parameter.required ? "" : " (optional)"} `, input);
      return { input, label };
    });
}

function targetOf(operation, fields) {
  let { path } = operation;
  const query = new URLSearchParams();
  for (const { input } of fields) {
    if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.append(input.name, input.value);
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

function tryIt(operation, description) {
  const fields = parameterFields(operation);
  const schema = bodySchemaOf(operation);
  const body = schema && make("textarea", { rows: 8, spellcheck: false, value: exampleOf(schema, description) });
  const sendButton = make("button", { type: "button" }, "Send");
  const stopButton = make("button", { type: "button", className: "quiet", disabled: true }, "Stop");
  const status = make("span", { className: "status" });
  const answer = make("pre", { hidden: true });
  let running;
  stopButton.onclick = () => running?.abort();
  sendButton.onclick = async () => {
    running = new AbortController();
    sendButton.disabled = true;
    stopButton.disabled = false;
    const request = {
      method: operation.method.toUpperCase(),
      target: targetOf(operation, fields),
      key: document.querySelector("#key").value.trim(),
      body: body?.value,
      signal: running.signal,
    };
    await send(request, { status, answer });
    sendButton.disabled = false;
    stopButton.disabled = true;
  };
  return [
    make("div", { className: "fields" }, ...fields.map(({ label }) => label)),
    ...(body ? [body] : []),
    make("div", { className: "row" }, sendButton, stopButton, status),
    answer,
  ];
}

function schemaDetails(title, schema, description) {
  if (!schema) return [];
  const name = schema.$ref?.split("/").at(-1);
  const shown = name ? description.components.schemas[name] : schema;
  const details = make("details", {}, make("summary", {}, title));
  // Large schemas cost time to lay out, so they are written when somebody looks.
  details.addEventListener("toggle", () => details.append(make("pre", {}, JSON.stringify(shown, null, 2))), {
    once: true,
  });
  return [details];
}

function section(operation, description) {
  const answerSchema = operation.responses?.["200"]?.content?.["application/json"]?.schema;
  const heading = make(
    "h3",
    {},
    make("span", { className: "method" }, operation.method.toUpperCase()),
    ` ${operation.path}`,
  );
  return make(
    "section",
    { id: operation.operationId },
    heading,
    make("p", {}, operation.summary ?? ""),
    ...tryIt(operation, description),
    ...schemaDetails("Request body", bodySchemaOf(operation), description),
    ...schemaDetails("Answer", answerSchema, description),
  );
}

function draw(description) {
  const operations = operationsOf(description);
  const groups = Map.groupBy(operations, (operation) => operation.tags?.[0] ?? "Other");
  const links = [...groups].flatMap(([tag, members]) => [
    make("h2", {}, tag),
    ...members.map((operation) =>
      make("a", { href: `#${operation.operationId}` }, operation.summary ?? operation.operationId),
    ),
  ]);
  document.querySelector("#contents").replaceChildren(...links);
  const sections = [...groups.values()].flat().map((operation) => section(operation, description));
  document.querySelector("#operations").replaceChildren(...sections);
  document.querySelector("#filter").oninput = ({ target }) => {
    const word = target.value.trim().toLowerCase();
    for (const drawn of sections) drawn.hidden = !`${drawn.id} ${drawn.textContent}`.toLowerCase().includes(word);
  };
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

const reply = await fetch("/openapi.json");
if (reply.ok) draw(await reply.json());
else document.querySelector("#operations").textContent = `/openapi.json answered ${reply.status}.`;
