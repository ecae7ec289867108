import { SQL } from "bun";
import type { DatabaseAddress } from "../connect.ts";

/** A plain Bun.SQL pool, as any library might open it. */
export function openPlainPool(address: DatabaseAddress, connectionsMax: number, prepare = true): SQL {
  const options = { adapter: "postgres", max: connectionsMax, connectionTimeout: 10, prepare } as const;
  if (address.kind === "postgres") return new SQL({ ...options, url: address.url });
  return new SQL({ ...options, path: address.socketPath, username: "postgres", password: "", tls: false });
}

/** How many answers were right; every wrong one is told by a throw. */
export type MixResult = { answers: number; expectedErrors: number };

const largeParameterBytes = 300_000;

/**
 * One client that does a bit of everything, each time with values of its own, and throws when an answer is not its own:
 * different statements, a 300 kB parameter, transactions that commit and roll back, and errors of the database.
 */
export async function runMixedClient(sql: SQL, client: number, rounds: number): Promise<MixResult> {
  const result: MixResult = { answers: 0, expectedErrors: 0 };
  const expectSame = (what: string, got: unknown, wanted: unknown) => {
    if (got !== wanted) throw new Error(`client ${client} got a foreign ${what}: ${String(got).slice(0, 80)}`);
    result.answers += 1;
  };
  for (let round = 0; round < rounds; round++) {
    const mark = `${client}:${round}`;
    switch ((client + round) % 6) {
      case 0: {
        const [row] = await sql.unsafe("select $1::text as mark, $2::int as round", [mark, round]);
        expectSame("row", `${row.mark} ${row.round}`, `${mark} ${round}`);
        break;
      }
      case 1: {
        const large = mark.padEnd(largeParameterBytes, String(client % 10));
        const [row] = await sql.unsafe("select $1::text as large, length($1::text) as size", [large]);
        expectSame("large row", row.large === large ? row.size : row.large, largeParameterBytes);
        break;
      }
      case 2: {
        const seen = await sql.begin(async (trx) => {
          await trx.unsafe("insert into mix (mark, client) values ($1, $2)", [mark, client]);
          await trx.unsafe("update mix set client = client + 0 where mark = $1", [mark]);
          const rows = await trx.unsafe("select client from mix where mark = $1", [mark]);
          return rows.length === 1 ? rows[0].client : `${rows.length} rows`;
        });
        expectSame("transaction", seen, client);
        break;
      }
      case 3: {
        const failure = await sql.unsafe(`select '${mark}'::text, 1 / $1::int`, [0]).catch((error) => error);
        expectSame("error", failure.errno, "22012");
        result.expectedErrors += 1;
        break;
      }
      case 4: {
        const failed = sql.begin(async (trx) => {
          await trx.unsafe("insert into mix (mark, client) values ($1, $2)", [`gone ${mark}`, client]);
          await trx.unsafe("select no_such_column from mix");
        });
        expectSame("error", (await failed.catch((error) => error)).errno, "42703");
        result.expectedErrors += 1;
        break;
      }
      default: {
        // A statement of its own in each round, so that prepared names and plain ones mix.
        const rows = await sql.unsafe(`select g, $1::text as mark from generate_series(1, ${round + 1}) g`, [mark]);
        const isOwn = rows.length === round + 1 && rows.every((row: { mark: string }) => row.mark === mark);
        expectSame("set of rows", isOwn, true);
      }
    }
  }
  return result;
}
