/**
 * For the processes that load a gateway and that answer it: they keep the memory that they freed, since giving it back
 * stops a process for milliseconds, which would be measured as the gateway's.
 */
export const measuringEnvironment = { ...process.env, MIMALLOC_PURGE_DELAY: "-1" };
