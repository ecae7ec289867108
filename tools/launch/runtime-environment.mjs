/** What the runtime is told by its environment, wherever Headrace is started; what stands there already counts. */
export const runtimeEnvironment = {
  DO_NOT_TRACK: "1",
  // Bun lets 256 fetches be under way in one process by default; a gateway has more streams open than that.
  BUN_CONFIG_MAX_HTTP_REQUESTS: "16384",
  // Memory that was freed goes back to the system after a second, in milliseconds: at once, it is asked for again at once.
  MIMALLOC_PURGE_DELAY: "1000",
};
