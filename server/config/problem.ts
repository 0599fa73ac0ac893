/**
 * Why the program cannot go on, as one line for the person who started it.
 *
 * @module
 */
/** `exitCode` 2: the command line is wrong; 1: anything else; 0: nothing is wrong, `message` is what was asked for (`--help`). */
export interface Problem {
  readonly message: string
  readonly exitCode: 0 | 1 | 2
}

/** The command line is wrong. */
export const usage = (message: string): Problem => ({ message, exitCode: 2 })

/** A file, the environment or a combination of settings is wrong. */
export const refusal = (message: string): Problem => ({ message, exitCode: 1 })
