/**
 * The interaction of the device grant, over any means of showing something: a terminal, a chat message, a display.
 *
 * @see RFC 8628 section 3.3: user code and verification URI; section 3.3.1: a QR code
 * @module
 */
import type { DeviceCode } from '../grants/grant-type.ts'
import type { Interaction } from './interaction.ts'

/**
 * Shows the code of a `deviceCode()` session. It cannot open a browser, so it does nothing for other sessions.
 *
 * @param show shows the code until its signal aborts. Rejecting ends the sign-in
 * @example
 * createSession(url, {
 *   grant: deviceCode(),
 *   interaction: showCode(({ userCode, verificationUri }) => console.log(`Enter ${userCode} at ${verificationUri}`)),
 * })
 */
export function showCode(show: (code: DeviceCode) => void | Promise<void>): Interaction {
  return { name: 'show-code', prepare: async () => undefined, showCode: async (code) => show(code) }
}
