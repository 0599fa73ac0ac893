/**
 * One value for each object, made when it is first asked for, and gone with the object.
 *
 * @module
 */

/** @example const hashOf = oncePer((credential: Credential) => s256(credential.accessToken)) */
export function oncePer<Key extends WeakKey, Value>(create: (key: Key) => Value): (key: Key) => Value {
  const values = new WeakMap<Key, Value>()
  return (key) => {
    const known = values.get(key)
    if (known !== undefined) return known
    const value = create(key)
    values.set(key, value)
    return value
  }
}
