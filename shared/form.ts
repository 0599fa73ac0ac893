/**
 * `application/x-www-form-urlencoded`, as OAuth reads it.
 *
 * @see RFC 6749 section 3.1 and section 3.2: an empty parameter counts as omitted, a repeated one is an error
 * @module
 */

/** Parameters by name; a repeated one is an array, which a `v.string()` then refuses. */
export type FormRecord = Record<string, string | string[]>

/** Reads parameters into a record: empty ones dropped, repeated ones as arrays. */
export function readForm(params: URLSearchParams): FormRecord {
  const record: FormRecord = Object.create(null)
  for (const [name, value] of params) {
    if (value === '') continue
    const before = record[name]
    if (before === undefined) record[name] = value
    else if (typeof before === 'string') record[name] = [before, value]
    else before.push(value)
  }
  return { ...record }
}

/** Writes a record as parameters; `undefined` is left out, an array becomes repeated parameters. */
export function writeForm(record: Readonly<Record<string, string | readonly string[] | undefined>>): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined) continue
    for (const one of typeof value === 'string' ? [value] : value) params.append(name, one)
  }
  return params
}
