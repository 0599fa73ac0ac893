/**
 * How a person at a terminal is asked: their browser, and a line to paste into where the browser is elsewhere.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import process from 'node:process'
import type { Interaction } from '../interactions/interaction.ts'
import { showCode } from '../interactions/show-code.ts'
import { loopback } from '../node/loopback.ts'
import { browsableUrl, openBrowser } from '../node/open-browser.ts'
import { InputEnded, paste } from '../node/paste.ts'
import { EXIT, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'

export interface AskOptions extends Pick<SessionFlags, 'browser' | 'callbackPort' | 'device'> {
  /** Shows the address, and a code to be entered there where there is one; `direct` has the code in it already. */
  readonly show: (url: string, code?: string, direct?: string) => void
  /** Whether standard input is a person's. */
  readonly canPaste: boolean
}

/** A browser that opens here, or an address that is pasted from elsewhere. */
export function askInBrowser(options: AskOptions): readonly Interaction[] {
  const { device, show, canPaste } = options
  if (device === true)
    return [
      showCode(({ userCode, verificationUri, verificationUriComplete }) =>
        show(verificationUri, userCode, verificationUriComplete),
      ),
    ]
  if (opensBrowser(options)) return [listenFor(options)]
  // What is pasted comes with the address already.
  return [canPaste ? either(listenFor({ ...options, show: () => {} }), paste()) : impossible]
}

/** The same for a bridge, whose host shows the address: the browser may be anywhere from where this machine's ports are reached. */
export function askThroughHost(options: Omit<AskOptions, 'canPaste'>): readonly Interaction[] {
  return options.device === true ? askInBrowser({ ...options, canPaste: false }) : [listenFor(options)]
}

const opensBrowser = ({ browser }: Pick<AskOptions, 'browser'>): boolean => browser && hasBrowser()

const listenFor = ({ browser, callbackPort, show }: Omit<AskOptions, 'canPaste'>): Interaction =>
  loopback({
    open: opensBrowser({ browser }) ? openAddress : false,
    show,
    ...(callbackPort !== undefined && { port: callbackPort }),
  })

/** One redirect URI, two ways back. When nothing can be pasted any more, nobody waits for the other. */
const either = (listener: Interaction, pasted: Interaction): Interaction => ({
  name: 'paste',
  async prepare(context) {
    const heard = await listener.prepare(context)
    const typed = await pasted.prepare({ ...context, redirectUri: heard?.redirectUri ?? context.redirectUri })
    if (heard === undefined || typed === undefined) return heard ?? typed
    return {
      redirectUri: heard.redirectUri,
      open: (request) => Promise.race([heard.open(request), typed.open(request).catch(ended)]),
      close: async () => void (await Promise.all([heard.close(), typed.close()])),
    }
  },
})

const HOW =
  'Run it in a terminal, or with a browser on this machine; --device shows a code instead, where the server can.'

function ended(problem: unknown): never {
  if (!(problem instanceof InputEnded)) throw problem
  throw new Stop(EXIT.signIn, 'interaction_unavailable', 'Standard input ended before an address was pasted.', HOW)
}

/** Said when a person is needed, and not before: the token may be there. */
const impossible: Interaction = {
  name: 'none',
  prepare: async () => {
    const why = 'No browser opens here, and standard input is no terminal to paste an address into.'
    throw new Stop(EXIT.signIn, 'interaction_unavailable', why, HOW)
  },
}

/** As `BROWSER` says, by which programs agree on one; else the system's own. */
export async function openAddress(url: string): Promise<void> {
  const program = process.env['BROWSER']
  if (program === undefined || program === '') return openBrowser(url)
  const child = spawn(program, [browsableUrl(url)], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

/** Over SSH, and on a Linux machine without a desktop, a browser would open where nobody sits, or not at all. */
function hasBrowser(): boolean {
  const { env, platform } = process
  if (env['BROWSER'] !== undefined) return env['BROWSER'] !== ''
  if (env['SSH_CONNECTION'] !== undefined) return false
  const desktop = env['DISPLAY'] ?? env['WAYLAND_DISPLAY'] ?? env['WSL_DISTRO_NAME']
  return platform !== 'linux' || desktop !== undefined
}
