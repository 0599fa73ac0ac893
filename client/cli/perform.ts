/**
 * Running a command: Ctrl-C ends it cleanly, errors say what to do, and the process ends with the right exit code.
 *
 * @module
 */
import process from 'node:process'
import { DEVICE_CODE } from '../../shared/device-authorization.ts'
import { AuthorizationRequiredError, hasCode } from '../errors.ts'
import type { AuthorizeOptions } from '../session/authorize.ts'
import type { Grant } from '../token/credential.ts'
import { EXIT, type ExitCode, explain, type Stop, withHint } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { askInBrowser } from './interactions.ts'
import { remember } from './known.ts'
import { type Opened, open } from './open.ts'
import { createOutput, type Output, printableLines } from './output.ts'

export interface Surroundings {
  readonly output: Output
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
}

/** For what was under way to be put away: a flow that nobody will complete, a lease, a listener. Milliseconds. */
const AFTERMATH = 1000

/** Runs `act` to its end, and the process with it. */
export async function perform(
  resource: string,
  flags: Pick<SessionFlags, 'json'>,
  act: (around: Surroundings) => Promise<ExitCode>,
): Promise<void> {
  const output = createOutput()
  const interrupted = new AbortController()
  const interrupt = (): void => {
    // The second time nothing is waited for.
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted)
    interrupted.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  let code: ExitCode
  let isBrokenOff = false
  try {
    code = await act({ output, signal: interrupted.signal })
  } catch (error) {
    const stop = explain(error, resource)
    isBrokenOff = interrupted.signal.aborted
    code = isBrokenOff ? EXIT.interrupted : stop.exitCode
    report(output, flags.json === true, stop, code)
  }
  await output.raw('')
  if (!isBrokenOff) process.exit(code)
  process.exitCode = code
  setTimeout(() => process.exit(code), AFTERMATH).unref()
}

function report({ note, paint }: Output, json: boolean, { code: name, message, hint }: Stop, code: ExitCode): void {
  if (json) note(JSON.stringify({ error: { code: name, message, ...(hint !== undefined && { hint }) } }))
  else if (code === EXIT.interrupted) note('sallyport: Stopped.')
  else {
    note(`${paint.bad('sallyport:')} ${printableLines(message)}`)
    if (hint !== undefined) note(`  ${paint.dim('→')} ${printableLines(hint)}`)
  }
}

/** A session whose person, if there is one, sits at this terminal. */
export function openAttended(url: string, flags: SessionFlags, { output, signal }: Surroundings): Promise<Opened> {
  const { note, paint } = output
  const show = (address: string, code?: string, direct?: string): void => {
    const how = 'Sign in in your browser. If none has opened, open this address:'
    note(code === undefined ? how : `Open this address on any device, and enter the code ${paint.bold(code)}:`)
    note(`  ${paint.bold(address)}`)
    if (direct !== undefined) note(`Or this one, which has the code in it:\n  ${direct}`)
  }
  const canPaste = process.stdin.isTTY === true || !flags.browser
  const interaction = askInBrowser({ ...flags, show, canPaste })
  return open(url, flags, { signal, interaction, note })
}

/**
 * Does `work`, and where a person is needed and there to be asked, asks and does it again. Programs that nobody watches are told to have
 * somebody sign in.
 */
export async function signingIn<Value>(
  opened: Opened,
  { output }: Surroundings,
  work: () => Promise<Value>,
): Promise<Value> {
  for (let asked = 0; ; asked += 1) {
    try {
      const value = await work()
      // Nobody had to be asked, and there is something to sign out of.
      if (opened.options.grant?.unattended === true) await keepInMind(opened)
      return value
    } catch (error) {
      const needed = error instanceof AuthorizationRequiredError
      if (!needed || asked === 2 || !output.isAttended) throw error
      const why = hasCode(error, 'insufficient_scope')
        ? `That needs more: ${error.scope.join(' ')}`
        : 'Not signed in yet.'
      output.note(why)
      await signInTo(opened, { scope: error.scope })
    }
  }
}

/** Signs in, and keeps in mind where. */
export async function signInTo(opened: Opened, how: AuthorizeOptions = {}): Promise<Grant> {
  const { session, resource, options } = opened
  const grant = await session.authorize(how).catch((error) => {
    if (options.grant?.name !== DEVICE_CODE) throw error
    if (hasCode(error, 'endpoint_missing'))
      throw withHint(explain(error, resource), 'It has no --device: leave it out.')
    // Servers that have the grant may not register a client that has no other.
    if (!hasCode(error, 'registration_failed')) throw error
    throw withHint(explain(error, resource), 'Leave --device out, or ask its operator for a --client-id.')
  })
  await keepInMind(opened)
  return grant
}

const keepInMind = ({ store, resource, profile, options }: Opened): Promise<void> =>
  remember(store, { resource, profile, clientId: options.client?.id ?? '' })
