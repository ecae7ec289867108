import { dlopen, type FFIFunction, FFIType, type Library, read } from "bun:ffi";

/** Functions of the C library, for what neither Node's nor Bun's API has. */
export type CLibrary<Functions extends Record<string, FFIFunction>> = {
  readonly functions: Library<Functions>["symbols"];
  /** errno(3) of the call before. */
  errorNumber(): number;
};

/** Neither of the C libraries that Linux has is here, or not with these functions; `errors` says why of each. */
export class CLibraryMissingError extends AggregateError {
  override readonly name = "CLibraryMissingError";
}

/**
 * Opens glibc, or else musl.
 * @param consequence what can't be done without it, for the error's message.
 * @throws CLibraryMissingError
 */
export function openLinuxCLibrary<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
  consequence: string,
): CLibrary<Functions> {
  const architecture = process.arch === "arm64" ? "aarch64" : "x86_64";
  const failures: Error[] = [];
  for (const library of ["libc.so.6", `libc.musl-${architecture}.so.1`]) {
    try {
      const { symbols } = dlopen(library, functions);
      const errno = dlopen(library, { __errno_location: errnoSignature }).symbols;
      return { functions: symbols, errorNumber: () => readErrno(errno.__errno_location()) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(error);
    }
  }
  const names = Object.keys(functions).join(", ");
  const reasons = failures.map(({ message }) => message).join("; ");
  throw new CLibraryMissingError(failures, `no C library with ${names} was found: ${consequence} (${reasons})`);
}

export const errnoSignature = { args: [], returns: FFIType.ptr } as const;

/** The number that what errno(3) is made of points to. */
export function readErrno(pointer: Parameters<typeof read.i32>[0] | null): number {
  return pointer === null ? 0 : read.i32(pointer, 0);
}
