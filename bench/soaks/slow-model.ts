import { startScriptedProvider } from "@headrace/server/testing/scripted-provider.ts";
import { steer } from "@headrace/server/testing/steered-model.ts";

export type SlowModel = AsyncDisposable & {
  /** The text of a headrace.yaml with this provider and its model `scripted`. */
  readonly yaml: string;
  calls(): number;
};

/** A model that says `words` words, one every `everyMs`, after a silence of `silentMs`. */
export async function startSlowModel(words: number, everyMs: number, silentMs: number): Promise<SlowModel> {
  const provider = await startScriptedProvider();
  const { nextCall } = steer(provider);
  let isOver = false;
  let count = 0;
  const answering = (async () => {
    while (!isOver) {
      const call = await nextCall();
      count++;
      let said = 0;
      let timer: ReturnType<typeof setTimeout>;
      const sayNext = (): void => {
        if (said < words) {
          call.say(`word${said++} `);
          timer = setTimeout(sayNext, everyMs);
        } else {
          call.finish();
        }
      };
      timer = setTimeout(sayNext, silentMs);
      void call.call.closed.then(() => clearTimeout(timer));
    }
  })();
  return {
    yaml: provider.yaml(["chat"]),
    calls: () => count,
    async [Symbol.asyncDispose]() {
      isOver = true;
      await provider[Symbol.asyncDispose]();
      // It waits for a call that never comes.
      void answering;
    },
  };
}
