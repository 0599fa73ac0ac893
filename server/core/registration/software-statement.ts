/**
 * Software statements: metadata that someone vouches for with a signature. Nobody's word is taken here, and a client that came with one
 * must not believe that it was.
 *
 * @see RFC 7591 section 2.3, section 3.2.2
 * @see docs/adr/0107-software-statements.md
 * @module
 */
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'

/** What is no signed JWT with an issuer is invalid; what is one comes from an issuer that is not trusted. */
export function checkSoftwareStatement(statement: string | null | undefined): Result<null, Rejection> {
  if (statement === undefined || statement === null) return ok(null)
  return reject(isSigned(statement) ? 'unapproved_software_statement' : 'malformed_software_statement')
}

function isSigned(statement: string): boolean {
  const [, header = '', claims = ''] = /^([\w-]+)\.([\w-]+)\.[\w-]+$/.exec(statement) ?? []
  const algorithm = member(header, 'alg')
  return typeof algorithm === 'string' && algorithm !== 'none' && typeof member(claims, 'iss') === 'string'
}

/** A member of the JSON object that a part of a JWT holds. */
function member(part: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  } catch {
    return undefined
  }
}
