/**
 * Where everything is stored, and what protects the keys there.
 *
 * @module
 */
import * as v from 'valibot'
import { choice, text } from './setting.ts'

const SECRET_WANTED = 'at least 32 bytes, e.g. from `openssl rand -base64 32`'

const secretText = v.pipe(
  v.string(),
  v.check((value) => new TextEncoder().encode(value).length >= 32),
)

export const STORAGE = {
  database: v.optional(
    text(
      v.pipe(v.string(), v.regex(/^(sqlite:(?!file:).|postgres(ql)?:\/\/.)/)),
      'sqlite:PATH (a path, no file: URI) or postgres://USER:PASSWORD@HOST/NAME',
      'Where everything is stored: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`.',
    ),
    'sqlite:.sallyport/sallyport.db',
  ),
  sqlite: v.optional(
    v.strictObject({
      synchronous: v.optional(
        choice(
          ['full', 'normal'],
          'Whether SQLite answers only when a commit has reached the disk. With `normal` a power failure may take the last answers back, and clients that hold them look like thieves.',
        ),
        'full',
      ),
    }),
    {},
  ),
  secret: v.optional(
    text(
      secretText,
      SECRET_WANTED,
      'At least 32 bytes that nobody else knows, e.g. from `openssl rand -base64 32`. Encrypts the signing keys at rest, and the refresh tokens of identity providers.',
      { dev: 'generated, kept in `.sallyport/secret`', defaultText: 'none: must be set', noFlag: true },
    ),
  ),
  previous_secret: v.optional(
    text(
      secretText,
      SECRET_WANTED,
      'A second secret that opens what the first one encrypts, while the secret is being changed: at the start all of it is encrypted with `secret` again.',
      { defaultText: 'none', noFlag: true },
    ),
  ),
}
