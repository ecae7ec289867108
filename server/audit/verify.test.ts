import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { Secret } from "../config/secret-value.ts";
import type { AuditEvent } from "./chain.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { deriveAuditSigningKey } from "./signing-key.ts";
import {
  chainAnew,
  copyLog,
  type ExportedLog,
  exportedLog,
  exportedTrail,
  moveEnd,
  shipped,
  signAnew,
} from "./testing/exported-trail.ts";
import { verifyAuditTrail } from "./verify.ts";

setDefaultTimeout(120_000);

const signingKey = deriveAuditSigningKey(new Secret("kV9rX2mQ7tLp4wZs8bNc3hJd6fGy1aEu"));
const foreignKey = deriveAuditSigningKey(new Secret("Qm3xT8nB5vKz2cRw9jLp6sHd4gFy7aEu"));
const eventCount = 32;
const checkpointEvery = 10;
const lastSigned = 30;
const intact = exportedLog("org-a", eventCount, checkpointEvery, signingKey);
const otherOrganization = exportedLog("org-b", eventCount, checkpointEvery, signingKey);

const verify = (log: ExportedLog, outside?: readonly Checkpoint[]) =>
  verifyAuditTrail(exportedTrail(log), {
    publicKey: signingKey.publicKey,
    ...(outside === undefined ? {} : { checkpoints: shipped(outside) }),
  });

const tamperings = 1_000;
const anyEvent = fc.integer({ min: 1, max: eventCount });
const signedEvent = fc.integer({ min: 1, max: lastSigned });
const anyCheckpoint = fc.integer({ min: 0, max: intact.checkpoints.length - 1 });

/** Every tampering that `change` makes of these numbers is found; `outside` are checkpoints that were carried away. */
async function allFound<Values extends [unknown, ...unknown[]]>(
  values: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  change: (log: ExportedLog, ...values: Values) => void,
  outside?: readonly Checkpoint[],
): Promise<void> {
  const property = fc.asyncProperty(fc.tuple(...values), async (drawn) => {
    const log = copyLog(intact);
    change(log, ...(drawn as Values));
    const report = await verify(log, outside);
    expect(report.ok).toBe(false);
    expect(report.findingsTotal).toBeGreaterThan(0);
  });
  await fc.assert(property, { numRuns: tamperings });
}

function replaceEvent(log: ExportedLog, sequence: number, change: (event: AuditEvent) => AuditEvent): void {
  log.events = log.events.map((event) => (event.sequence === sequence ? change(event) : event));
}

const otherText = (text: string | null, salt: string): string => (text === salt ? `${salt}x` : salt);
const flipBit = (bytes: Uint8Array, bit: number): Uint8Array => {
  const flipped = Uint8Array.from(bytes);
  const index = Math.floor(bit / 8) % flipped.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit % 8));
  return flipped;
};

const fieldEdits: Record<string, (event: AuditEvent, salt: string, bit: number) => AuditEvent> = {
  id: (event, salt) => ({ ...event, id: otherText(event.id, salt) }),
  type: (event, salt) => ({ ...event, type: otherText(event.type, salt) }),
  "the encoding": (event, _, bit) => ({ ...event, encoding: 2 + bit }),
  "the time": (event, _, bit) => ({ ...event, effectiveAtMs: event.effectiveAtMs + bit + 1 }),
  "the actor": (event, salt) => ({ ...event, actor: otherText(event.actor, salt) }),
  "an actor's id": (event, salt) => ({ ...event, actorIds: [...event.actorIds, salt] }),
  "an actor's address": (event, salt) => ({ ...event, actorEmails: [salt, ...event.actorEmails] }),
  "lists of other things than texts": (event, _, bit) => ({ ...event, actorIds: [bit] as unknown as string[] }),
  "the project": (event, salt) => ({ ...event, projectId: otherText(event.projectId, salt) }),
  "the project's name": (event, salt) => ({
    ...event,
    projectName: event.projectName === null ? salt : null,
  }),
  "the resources": (event) => ({ ...event, resourceIds: [] }),
  "the details": (event, salt) => ({ ...event, payload: otherText(event.payload, salt) }),
  "the details by one character": (event, _, bit) => {
    const index = bit % event.payload.length;
    const character = String.fromCharCode(event.payload.charCodeAt(index) ^ 1);
    return { ...event, payload: event.payload.slice(0, index) + character + event.payload.slice(index + 1) };
  },
  "the previous hash": (event, _, bit) => ({ ...event, previousHash: flipBit(event.previousHash, bit) }),
  "the hash": (event, _, bit) => ({ ...event, hash: flipBit(event.hash, bit) }),
  "a text moved to the next field": (event) => ({
    ...event,
    type: event.type.slice(0, -1),
    id: `${event.id}${event.type.slice(-1)}`,
  }),
};

describe("an intact log", () => {
  test("gives no finding, alone or with checkpoints from outside, those of others among them", async () => {
    const report = await verify(intact, [...otherOrganization.checkpoints, ...intact.checkpoints.toReversed()]);
    expect(report).toEqual({
      organizationId: "org-a",
      ok: true,
      events: eventCount,
      checkpoints: 2 * intact.checkpoints.length,
      signedThrough: lastSigned,
      findings: [],
      findingsTotal: 0,
    });
    expect((await verify(intact)).ok).toBe(true);
  });

  test("of no event and no checkpoint is intact", async () => {
    expect((await verify(exportedLog("org-c", 0, 1, signingKey))).ok).toBe(true);
    expect((await verify({ organizationId: "org-c", events: [], end: undefined, checkpoints: [] })).ok).toBe(true);
  });

  test("is intact at every length, signed or not", async () => {
    for (let count = 1; count <= 25; count++) {
      expect((await verify(exportedLog("org-c", count, 7, signingKey))).findings).toEqual([]);
    }
  });
});

describe(`of ${tamperings} random tamperings each one is found`, () => {
  for (const [field, edit] of Object.entries(fieldEdits)) {
    test(`an edit of ${field}`, () =>
      allFound([anyEvent, fc.string(), fc.nat(10_000)], (log, sequence, salt, bit) =>
        replaceEvent(log, sequence, (event) => edit(event, salt, bit)),
      ));
  }

  test("events deleted in the middle", () =>
    allFound([fc.integer({ min: 1, max: eventCount - 1 }), fc.integer({ min: 1, max: 10 })], (log, from, count) => {
      const until = Math.min(from + count, eventCount);
      log.events = log.events.filter(({ sequence }) => sequence < from || sequence >= until);
    }));

  test("a deleted event, with the later ones renumbered and chained anew", () =>
    allFound([signedEvent], (log, deleted) => {
      log.events = log.events
        .filter(({ sequence }) => sequence !== deleted)
        .map((event) => (event.sequence > deleted ? { ...event, sequence: event.sequence - 1 } : event));
      chainAnew(log, deleted);
    }));

  test("two events exchanged", () =>
    allFound([anyEvent, fc.integer({ min: 1, max: eventCount - 1 })], (log, first, distance) => {
      const second = ((first + distance - 1) % eventCount) + 1;
      const places = new Map([
        [first, second],
        [second, first],
      ]);
      log.events = log.events.map((event) => ({ ...event, sequence: places.get(event.sequence) ?? event.sequence }));
    }));

  test("two events exchanged, and the chain computed anew", () =>
    allFound([signedEvent, fc.integer({ min: 1, max: lastSigned - 1 })], (log, first, distance) => {
      const second = ((first + distance - 1) % lastSigned) + 1;
      const places = new Map([
        [first, second],
        [second, first],
      ]);
      log.events = log.events
        .map((event) => ({ ...event, sequence: places.get(event.sequence) ?? event.sequence }))
        .toSorted((left, right) => left.sequence - right.sequence);
      chainAnew(log, Math.min(first, second));
    }));

  test("an event put in", () =>
    allFound([fc.integer({ min: 1, max: lastSigned - 1 })], (log, place) => {
      const inserted = intact.events[place - 1];
      if (inserted === undefined) throw new Error("no such event");
      log.events = [
        ...log.events.slice(0, place),
        { ...inserted, sequence: place + 1, id: "audit_log-new" },
        ...log.events.slice(place).map((event) => ({ ...event, sequence: event.sequence + 1 })),
      ];
      chainAnew(log, place + 1);
    }));

  test("a cut tail", () => allFound([anyEvent], (log, from) => cutTail(log, from)));

  test("a cut tail, with the end moved to it", () =>
    allFound([signedEvent], (log, from) => {
      cutTail(log, from);
      moveEnd(log);
    }));

  test("a cut tail, with the end moved and the checkpoints deleted, by those from outside", () =>
    allFound(
      [signedEvent],
      (log, from) => {
        cutTail(log, from);
        log.checkpoints = log.checkpoints.filter(({ sequence }) => sequence < from);
        moveEnd(log);
        if (log.end) log.end.checkpointSequence = log.checkpoints.at(-1)?.sequence ?? 0;
      },
      intact.checkpoints,
    ));

  test("an edit, and the chain computed anew", () =>
    allFound([signedEvent, fc.string()], (log, sequence, salt) => {
      replaceEvent(log, sequence, (event) => ({ ...event, payload: otherText(event.payload, salt) }));
      chainAnew(log, sequence);
    }));

  test("an edit, the chain computed anew, the checkpoints deleted, by those from outside", () =>
    allFound(
      [signedEvent, fc.string()],
      (log, sequence, salt) => {
        replaceEvent(log, sequence, (event) => ({ ...event, payload: otherText(event.payload, salt) }));
        chainAnew(log, sequence);
        log.checkpoints = [];
        if (log.end) log.end.checkpointSequence = 0;
      },
      intact.checkpoints,
    ));

  test("an edit, the chain computed anew and signed with another key", () =>
    allFound([anyEvent, fc.string()], (log, sequence, salt) => {
      replaceEvent(log, sequence, (event) => ({ ...event, actor: otherText(event.actor, salt) }));
      chainAnew(log, sequence);
      signAnew(log, checkpointEvery, foreignKey);
    }));

  test("the whole log deleted, by the checkpoints from outside", async () => {
    const empty: ExportedLog = { organizationId: "org-a", events: [], end: undefined, checkpoints: [] };
    expect((await verify(empty, intact.checkpoints)).ok).toBe(false);
  });

  test("a forged signature", () =>
    allFound([anyCheckpoint, fc.nat(511)], (log, index, bit) =>
      replaceCheckpoint(log, index, (checkpoint) => ({ ...checkpoint, signature: flipBit(checkpoint.signature, bit) })),
    ));

  test("a signature of another length", () =>
    allFound([anyCheckpoint, fc.uint8Array({ maxLength: 80 })], (log, index, signature) =>
      replaceCheckpoint(log, index, (checkpoint) => ({ ...checkpoint, signature })),
    ));

  test("an edited checkpoint", () =>
    allFound([anyCheckpoint, fc.nat(3), fc.nat(255)], (log, index, field, bit) =>
      replaceCheckpoint(log, index, (checkpoint) => {
        if (field === 0) return { ...checkpoint, sequence: checkpoint.sequence + 1 + (bit % 4) };
        if (field === 1) return { ...checkpoint, hash: flipBit(checkpoint.hash, bit) };
        if (field === 2) return { ...checkpoint, previousSequence: checkpoint.previousSequence + 1 + bit };
        return { ...checkpoint, createdAtMs: checkpoint.createdAtMs + 1 + bit };
      }),
    ));

  test("a checkpoint replaced by another organization's, or by another place's", () =>
    allFound([anyCheckpoint, anyCheckpoint, fc.boolean()], (log, index, otherIndex, isForeign) => {
      const source = isForeign ? otherOrganization : intact;
      const other =
        source.checkpoints[
          isForeign || otherIndex !== index ? otherIndex : (otherIndex + 1) % intact.checkpoints.length
        ];
      if (other === undefined) throw new Error("no such checkpoint");
      replaceCheckpoint(log, index, ({ sequence }) => ({ ...other, organizationId: "org-a", sequence }));
    }));

  test("a deleted checkpoint", () =>
    allFound([anyCheckpoint], (log, index) => {
      log.checkpoints = log.checkpoints.toSpliced(index, 1);
    }));

  test("another end", () =>
    allFound([fc.nat(255), fc.nat(2)], (log, bit, kind) => {
      if (log.end === undefined) throw new Error("no end");
      if (kind === 0) log.end.hash = flipBit(log.end.hash, bit);
      else if (kind === 1) log.end.sequence += bit % 2 === 0 ? -1 - (bit % 60) : 1 + bit;
      else log.end = undefined;
    }));
});

test("a report names a hundred findings and counts the others", async () => {
  const log = exportedLog("org-a", 300, 100, signingKey);
  log.events = log.events.map((event) => ({ ...event, payload: "{}" }));
  const report = await verify(log);
  expect(report.findings.length).toBe(100);
  expect(report.findingsTotal).toBe(300);
});

function cutTail(log: ExportedLog, from: number): void {
  log.events = log.events.filter(({ sequence }) => sequence < from);
}

function replaceCheckpoint(log: ExportedLog, index: number, change: (checkpoint: Checkpoint) => Checkpoint): void {
  log.checkpoints = log.checkpoints.map((checkpoint, at) => (at === index ? change(checkpoint) : checkpoint));
}
