/**
 * Something that happens between two steps of a request: just before it gets to the store.
 *
 * @module
 */

/** Runs `act` once, just before the next call of a verb that nobody has called so far. */
export function justBefore<Port extends object>(
  port: Port,
  verb: keyof Port & string,
  act: () => Promise<unknown>,
): void {
  // Not read, which would make the port keep it.
  const own: unknown = Object.getOwnPropertyDescriptor(port, verb)?.value
  if (typeof own !== 'function') throw new TypeError(`The port has no ${verb}.`)
  let acted = false
  const value = async (...given: unknown[]): Promise<unknown> => {
    if (!acted) {
      acted = true
      await act()
    }
    return Reflect.apply(own, port, given)
  }
  Object.defineProperty(port, verb, { value, configurable: true, enumerable: true, writable: true })
}
