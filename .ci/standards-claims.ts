/**
 * What the header of a file claims of a standard:
 *
 *     @standard RFC 7009: Token Revocation
 *     @status implemented
 *     @does refresh tokens with their whole family, access tokens one by one
 *     @missing what is not done, where there is such a thing
 *     @published https://example.org/ unless the id tells where
 *
 * @see docs/adr/0121-standards-from-headers.md
 * @module
 */
import { STATUSES, type Status } from './standards.ts'

export interface Claim {
  /** The file that makes it. */
  readonly path: string
  readonly id: string
  readonly title: string
  readonly status: Status
  /** What exactly is done; empty: nothing. */
  readonly does: string
  /** What is not, and whether it is planned; empty: nothing that is known. */
  readonly missing: string
  readonly published: string | null
}

/** The claims of a header, and what of them cannot be read, in words for whoever wrote it. */
export function readClaims(
  path: string,
  header: string,
): { readonly claims: readonly Claim[]; readonly unreadable: readonly string[] } {
  const blocks = header.split(/^ \* @standard /m).slice(1)
  const read = blocks.map((block) => readClaim(path, block))
  return {
    claims: read.filter((one) => typeof one !== 'string'),
    unreadable: read.filter((one) => typeof one === 'string'),
  }
}

function readClaim(path: string, block: string): Claim | string {
  const [, id = '', title = ''] = /^(.*?): (.*?)(?=\n \*(?: @|\/| *\n))/s.exec(`${block}\n */`) ?? []
  const status = memberOf(block, 'status')
  const claim = {
    path,
    id,
    title: onOneLine(title),
    does: memberOf(block, 'does'),
    missing: memberOf(block, 'missing'),
    published: memberOf(block, 'published') || null,
  }
  const where = `${path}: @standard ${id === '' ? block.split('\n')[0] : id}`
  if (id === '') return `${where} is not "@standard RFC 7009: Token Revocation".`
  if (!isStatus(status)) return `${where} needs an @status of ${Object.keys(STATUSES).join(', ')}.`
  if ((status === 'missing') !== (claim.does === '')) {
    return `${where} is ${status}: ${status === 'missing' ? 'it @does nothing' : 'say what it @does'}.`
  }
  if ((status === 'missing' || status === 'partly') && claim.missing === '') {
    return `${where} is ${status}: say what is @missing.`
  }
  return { ...claim, status }
}

const isStatus = (status: string): status is Status => Object.hasOwn(STATUSES, status)

const memberOf = (block: string, name: string): string =>
  onOneLine(new RegExp(`^ \\* @${name} (.*?)(?=\\n \\*(?: @|/| *\\n))`, 'ms').exec(`${block}\n */`)?.[1] ?? '')

const onOneLine = (text: string): string => text.replaceAll(/\s*\n \*\s*/g, ' ').trim()
