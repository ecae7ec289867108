import { connect } from "node:net";

/**
 * Whether somebody accepts a connection there within `timeoutMs`. Opens one and closes it at once, without a byte sent.
 * Never rejects.
 */
export function acceptsConnection(url: URL, timeoutMs: number): Promise<boolean> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (accepted: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(accepted);
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.once("connect", () => finish(true));
    socket.on("error", () => finish(false));
  });
}
