/**
 * Passwords as scrypt hashes that carry their own parameters and salt, so that the parameters can be raised later.
 *
 * @see RFC 7914 section 2: N, r and p
 * @see NIST SP 800-63B section 5.1.1.2: Unicode is normalised (NFKC) before hashing
 * @module
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** The cost of one hash: N is 2 to the power of `ln`; memory is 128 * N * r bytes. */
export interface ScryptCost {
  readonly ln: number
  readonly r: number
  readonly p: number
}

/** 32 MiB and about a sixth of a second on a small server. */
export const SCRYPT_COST: ScryptCost = { ln: 15, r: 8, p: 3 }

const SALT_BYTES = 16
const KEY_BYTES = 32
/** A stored hash must not be able to ask for more memory than this. */
const MAX_MEMORY = 256 * 1024 * 1024
const ENCODED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/

/** A password as it is stored: `$scrypt$ln=15,r=8,p=3$<salt>$<key>`, both base64url. */
export async function hashPassword(password: string, cost: ScryptCost = SCRYPT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return encode(cost, salt, await derive(password, salt, cost))
}

/** Whether `password` is the one that was hashed, compared in constant time. False for text that is no hash. */
export async function verifyPassword(password: string, encoded: string): Promise<boolean> {
  const [, ln, r, p, salt, key] = ENCODED.exec(encoded) ?? []
  if (salt === undefined || key === undefined) return false
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  if (memoryOf(cost) > MAX_MEMORY) return false
  return timingSafeEqual(await derive(password, Buffer.from(salt, 'base64url'), cost), Buffer.from(key, 'base64url'))
}

/** A hash that no password has: verifying against it takes as long as against a real one. */
export const NOBODYS_HASH: string = encode(SCRYPT_COST, Buffer.alloc(SALT_BYTES), Buffer.alloc(KEY_BYTES))

function encode({ ln, r, p }: ScryptCost, salt: Buffer, key: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString('base64url')}$${key.toString('base64url')}`
}

const memoryOf = ({ ln, r }: ScryptCost): number => 128 * 2 ** ln * r

function derive(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * memoryOf(cost) }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      // Not every runtime says null when there is no error.
      if (error) reject(error)
      else resolve(key)
    })
  })
}
