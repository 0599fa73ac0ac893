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
import { paste } from '../node/paste.ts'
import type { SessionFlags } from './flags.ts'

export interface AskOptions extends Pick<SessionFlags, 'browser' | 'callbackPort' | 'device'> {
  /** Shows the address, and a code to be entered there where there is one. */
  readonly show: (url: string, code?: string) => void
  /** Whether standard input is a person's. */
  readonly canPaste: boolean
}

/** The browser and the pasted address race; whichever answers first counts. */
export function askInBrowser({ browser, callbackPort, device, show, canPaste }: AskOptions): readonly Interaction[] {
  if (device === true) return [showCode(({ userCode, verificationUri }) => show(verificationUri, userCode))]
  const here = browser && hasBrowser()
  const listener = loopback({
    open: here ? openIn : false,
    // What is pasted comes with the address already.
    show: canPaste && !here ? () => {} : show,
    ...(callbackPort !== undefined && { port: callbackPort }),
  })
  return canPaste && !here ? [listener, paste()] : [listener]
}

/** As `BROWSER` says, by which programs agree on one; else the system's own. */
async function openIn(url: string): Promise<void> {
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
