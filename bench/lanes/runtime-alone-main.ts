/** `runtime-alone-main.ts PORT UPSTREAM`: hands each request on to the upstream and its answer back, reading neither. */
const [port = "", upstream = ""] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (request.method !== "POST") return new Response();
    return fetch(`${upstream}${pathname}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: await request.arrayBuffer(),
    });
  },
});
