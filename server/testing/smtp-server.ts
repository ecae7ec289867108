import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** What came in: the envelope, and the letter as it was sent. */
export type ReceivedLetter = { readonly from: string; readonly to: readonly string[]; readonly data: string };

export type SmtpTestServer = AsyncDisposable & {
  readonly port: number;
  /** Resolves with the next letter. */
  next(): Promise<ReceivedLetter>;
};

/** How it behaves: takes all letters, takes none of their recipients, or accepts connections and says nothing. */
export type SmtpManner = "takes" | "refuses" | "is silent";

/** A mail server (RFC 5321) on loopback, as far as sending a letter needs one. */
export async function startSmtpServer(manner: SmtpManner = "takes"): Promise<SmtpTestServer> {
  const sockets = new Set<Socket>();
  const letters: ReceivedLetter[] = [];
  const waiting: ((letter: ReceivedLetter) => void)[] = [];
  const receive = (letter: ReceivedLetter): void => {
    const wanted = waiting.shift();
    if (wanted === undefined) letters.push(letter);
    else wanted(letter);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    if (manner !== "is silent") converse(socket, manner, receive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    next: () => {
      const letter = letters.shift();
      return letter === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(letter);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function converse(socket: Socket, manner: "takes" | "refuses", receive: (letter: ReceivedLetter) => void): void {
  const say = (text: string): void => void socket.write(`${text}\r\n`);
  let from = "";
  let to: string[] = [];
  let data: string[] | undefined;
  say("220 test");
  createInterface({ input: socket }).on("line", (line) => {
    if (data !== undefined) {
      if (line !== ".") return void data.push(line.replace(/^\.\./, "."));
      receive({ from, to, data: data.join("\r\n") });
      to = [];
      data = undefined;
      return say("250 taken");
    }
    const address = /<(.*)>/.exec(line)?.[1] ?? "";
    switch (line.slice(0, 4).toUpperCase()) {
      case "MAIL":
        from = address;
        return say("250 ok");
      case "RCPT":
        if (manner === "refuses") return say("550 nobody here");
        to.push(address);
        return say("250 ok");
      case "DATA":
        data = [];
        return say("354 go on");
      case "QUIT":
        return void socket.end("221 bye\r\n");
      case "EHLO":
        return say("250 test");
      default:
        return say("502 not here");
    }
  });
}
