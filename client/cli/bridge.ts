/**
 * `sallyport bridge`: the bridge on this process's standard input and output.
 *
 * @module
 */
import process from 'node:process'
import { createBridge } from '../bridge/bridge.ts'
import { parseLine } from '../bridge/messages.ts'
import { createSignIn } from '../bridge/sign-in.ts'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { askThroughHost } from './interactions.ts'
import { linesOf } from './lines.ts'
import { open } from './open.ts'
import { printableLines } from './output.ts'
import { type Surroundings, signInTo } from './perform.ts'

export interface BridgeFlags extends SessionFlags {
  /** Seconds. */
  readonly wait: number
  readonly patience: number
}

/** How long answers that are under way are waited for once the host has closed standard input, in milliseconds. */
const LEAVING = 1500

/** Runs until the host closes standard input, or the process is told to end. */
export async function bridge(url: string, flags: BridgeFlags, { output, signal }: Surroundings): Promise<ExitCode> {
  const log = unrepeated((line) => output.note(`sallyport bridge: ${printableLines(line)}`))
  const show = (address: string, code?: string): void => {
    log(`Sign in in your browser: ${address}${code === undefined ? '' : `, code ${code}`}`)
    signIn.shown(address)
  }
  if ([flags.clientSecretFile, flags.privateKeyFile, flags.assertionFile].includes('-')) {
    throw new Stop(EXIT.usage, 'usage', 'The standard input of a bridge is its host’s: name a file instead of -.')
  }
  const interaction = askThroughHost({ ...flags, show })
  const opened = await open(url, flags, { signal, interaction, note: output.note })
  const { session, store, profile, resource } = opened
  const signIn = createSignIn({
    store,
    resource,
    profile,
    wait: flags.wait * 1000,
    authorize: async (scope) => {
      await signInTo(opened, { scope })
      log('Signed in.')
    },
  })
  const relay = createBridge({
    resource,
    fetch: session.fetch,
    signIn: signIn.ensure,
    toHost: (message) => void output.data(JSON.stringify(message)),
    log,
    // Some runtimes want whole milliseconds.
    patience: Math.ceil(flags.patience * 1000),
    ...(flags.header !== undefined && { headers: flags.header }),
  })
  for await (const line of linesOf(process.stdin, signal)) {
    const { messages, refusals } = parseLine(line)
    for (const refusal of refusals) await output.data(JSON.stringify(refusal))
    for (const message of messages) relay.fromHost(message)
  }
  if (!signal.aborted) await within(LEAVING, relay.idle())
  await relay.close()
  return EXIT.done
}

/** A server that is away is reported once, not every few seconds. */
function unrepeated(log: (line: string) => void): (line: string) => void {
  let last = ''
  return (line) => {
    if (line !== last) log(line)
    last = line
  }
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, milliseconds)
  await Promise.race([work, promise])
  clearTimeout(timer)
}
