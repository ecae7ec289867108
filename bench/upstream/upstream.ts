import type { Socket } from "bun";
import { UpstreamConnection } from "./connection.ts";
import { UpstreamJournal } from "./journal.ts";
import { Pacer } from "./pacer.ts";
import { ServiceSlots } from "./service-slots.ts";

export type UpstreamOptions = {
  /** Where the journal is written; undefined keeps none. */
  readonly journal: string | undefined;
  /** How many requests it serves at once; Infinity for all. */
  readonly slotsMax: number;
  /** How long each of them takes at least, in milliseconds. */
  readonly serviceMs: number;
};

/** What the upstream has done since its start. */
export type UpstreamCounts = {
  /** Answers that are over. */
  readonly requests: number;
  /** Answers that are not. */
  readonly running: number;
  readonly tokens: number;
  /** Processor time of the whole process, in seconds. */
  readonly cpuSeconds: number;
};

export type UpstreamParts = {
  readonly journal: UpstreamJournal;
  readonly pacer: Pacer;
  readonly slots: ServiceSlots;
  readonly counts: () => UpstreamCounts;
  readonly begun: () => void;
  readonly ended: (tokens: number) => void;
};

export type RunningUpstream = {
  /** Base of OpenAI's paths. */
  readonly baseUrl: string;
  stop(): void;
};

/**
 * A model server on loopback that answers what its requests' plans say, right or wrong, and writes down what it wrote to
 * each socket. Its HTTP stands on bare sockets: only so can it break the protocol on purpose, and be faster than what
 * it measures.
 */
export function startUpstream({ journal: path, slotsMax, serviceMs }: UpstreamOptions): RunningUpstream {
  const pacer = new Pacer();
  const journal = new UpstreamJournal(path);
  let requests = 0;
  let running = 0;
  let tokens = 0;
  const parts: UpstreamParts = {
    journal,
    pacer,
    slots: new ServiceSlots(pacer, slotsMax, serviceMs),
    counts: () => {
      const { user, system } = process.cpuUsage();
      return { requests, running, tokens, cpuSeconds: (user + system) / 1e6 };
    },
    begun: () => void running++,
    ended: (count) => {
      running--;
      requests++;
      tokens += count;
    },
  };
  const connectionOf = (socket: Socket<UpstreamConnection>): UpstreamConnection => socket.data;
  const listener = Bun.listen<UpstreamConnection>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = new UpstreamConnection(socket, parts);
      },
      data: (socket, bytes) => connectionOf(socket).data(bytes),
      drain: (socket) => connectionOf(socket).drain(),
      close: (socket) => connectionOf(socket).closed(),
      error: (socket) => connectionOf(socket).closed(),
    },
  });
  return {
    baseUrl: `http://127.0.0.1:${listener.port}/v1`,
    stop() {
      listener.stop(true);
      journal.flush();
    },
  };
}
