import { expect, test } from "bun:test";
import { createControlHandler } from "./control-server.ts";
import type { ControlService } from "./control-service.ts";

test("a command that is silent for long keeps its connection with empty lines", async () => {
  const pulled = Promise.withResolvers<void>();
  const service = { pullModel: () => pulled.promise } as Partial<ControlService> as ControlService;
  const handle = createControlHandler(service, { log: () => {} });
  const response = await handle(new Request("http://control/pullModel", { method: "POST", body: '{"id":"m"}' }));
  const reader = response.body?.getReader();
  const next = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
  expect(await next()).toBe("\n");
  pulled.resolve();
  expect(JSON.parse(await next())).toEqual({ kind: "result", value: null });
  expect((await reader?.read())?.done).toBe(true);
});
