/**
 * What the commands of the client side are called: how the installed command tells the two sides apart before it loads either.
 *
 * @module
 */
export const SESSION_COMMANDS: readonly string[] = [
  'login',
  'logout',
  'status',
  'token',
  'fetch',
  'tools',
  'call',
  'bridge',
]
