/**
 * Errors of the file system, which say what they are by a code.
 *
 * @module
 */

/** Whether a thrown value is a system error of one of these codes. */
export const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
