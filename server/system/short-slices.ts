import { FFIType } from "bun:ffi";
import { getSystemErrorName } from "node:util";
import type { Logger } from "../ports/logger.ts";
import { CLibraryMissingError, openLinuxCLibrary } from "./c-library.ts";

/** The shortest that Linux gives: it takes 0.1 to 100 ms (`__setparam_fair` in kernel/sched/fair.c). */
const sliceNs = 100_000n;

/**
 * Asks Linux's scheduler to give the calling thread slices of 0.1 ms: who asks for little gets its core sooner when it
 * wakes up. Threads and processes that it starts from then on have slices of the usual length. Nothing depends on
 * whether it is granted: where it is not, a debug line says why. Needs Linux 6.12, and no privilege; decision 0014.
 */
export function askForShortSlices(
  logger: Logger,
  machine: { readonly platform: string; readonly arch: string } = process,
): void {
  const refusal = refusalOfShortSlices(machine);
  if (refusal === undefined) logger.log("debug", "the scheduler gives the server's thread slices of 0.1 ms");
  else logger.log("debug", "the server's thread keeps the scheduler's usual slices", { reason: refusal });
}

/** Asks, and says why it was not granted. */
function refusalOfShortSlices({ platform, arch }: { readonly platform: string; readonly arch: string }) {
  const numbers = systemCalls.get(`${platform} ${arch}`);
  if (numbers === undefined) return `there is no such request on ${platform} ${arch}`;
  const library = openSyscall();
  if (library instanceof CLibraryMissingError) return library.message;
  const { functions, errorNumber } = library;
  const thread = 0;
  const bytes = new Uint8Array(attributesBytes);
  if (functions.syscall(numbers.getAttributes, thread, bytes, attributesBytes, 0) !== 0) {
    return `sched_getattr: ${getSystemErrorName(-errorNumber())}`;
  }
  const attributes = new DataView(bytes.buffer);
  const policy = attributes.getUint32(offsets.policy, true);
  if (policy !== policyOther) return `the thread's scheduling policy is ${policy}, not SCHED_OTHER`;
  if (attributes.getBigUint64(offsets.runtime, true) === 0n) return "this kernel has no slices of a thread's own";
  // The flag below would take it from the threads and processes to come.
  if (attributes.getInt32(offsets.nice, true) < 0) return "its nice value is below 0";
  attributes.setBigUint64(offsets.flags, attributes.getBigUint64(offsets.flags, true) | flagResetOnFork, true);
  attributes.setBigUint64(offsets.runtime, sliceNs, true);
  if (functions.syscall(numbers.setAttributes, thread, bytes, 0, 0) !== 0) {
    return `sched_setattr: ${getSystemErrorName(-errorNumber())}`;
  }
  return undefined;
}

/** By platform and architecture: the kernel's include/uapi/asm-generic/unistd.h and arch/x86's syscall_64.tbl. */
const systemCalls: ReadonlyMap<string, { readonly getAttributes: number; readonly setAttributes: number }> = new Map([
  ["linux x64", { setAttributes: 314, getAttributes: 315 }],
  ["linux arm64", { setAttributes: 274, getAttributes: 275 }],
]);

/** `struct sched_attr` of linux/sched/types.h; for SCHED_OTHER its runtime is the slice in nanoseconds, 0 before 6.12. */
const attributesBytes = 56;
const offsets = { policy: 4, flags: 8, nice: 16, runtime: 24 } as const;
const policyOther = 0;
/**
 * What the thread starts has neither its slice nor a nice value below 0 (`sched_fork` in kernel/sched/core.c). It can't be
 * taken back without CAP_SYS_NICE (sched(7)).
 */
const flagResetOnFork = 1n;

/** syscall(2): the C libraries have no names for these two. It takes as many arguments as the longer one has. */
const syscallSignature = {
  args: [FFIType.i64, FFIType.i64, FFIType.ptr, FFIType.u64, FFIType.u64],
  returns: FFIType.i32,
} as const;

function openSyscall() {
  try {
    return openLinuxCLibrary({ syscall: syscallSignature }, "the scheduler can't be asked");
  } catch (error) {
    if (error instanceof CLibraryMissingError) return error;
    throw error;
  }
}
