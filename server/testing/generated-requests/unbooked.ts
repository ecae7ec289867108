import type { TestServer } from "../test-server.ts";
import { bookedTotals } from "../usage.ts";

/**
 * Requests that are not booked once for each time that they reached a model, a line for each. One that was given up on
 * its way there is booked too, though not as completed.
 * @param answered request id -> calls that a model answered.
 */
export async function unbooked(server: TestServer, answered: ReadonlyMap<string, number>): Promise<string[]> {
  const booked = await bookedTotals(server, answered.size);
  const wrong = [...new Set([...booked.keys(), ...answered.keys()])].filter((requestId) => {
    const calls = answered.get(requestId);
    const { attempts, isCompleted } = booked.get(requestId) ?? { attempts: 0, isCompleted: false };
    return calls === undefined ? isCompleted : calls !== attempts;
  });
  const log = wrong.length === 0 ? [] : server.log();
  return wrong.map((requestId) => {
    const told = log.find((line) => line.requestId === requestId && line.message === "request");
    const [calls, attempts] = [answered.get(requestId) ?? 0, booked.get(requestId)?.attempts ?? 0];
    return `${calls} calls of a model, ${attempts} booked: ${JSON.stringify(told) ?? requestId}`;
  });
}
