/**
 * What the userinfo endpoint says of whoever has just signed in. It is believed only of the subject of the ID token.
 *
 * @see OpenID Connect Core 1.0 section 5.3.2 and section 5.3.4: the `sub` has to be that of the ID token
 * @module
 */
import * as v from 'valibot'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { OidcContext } from './context.ts'

const Userinfo = v.looseObject({ sub: v.string() })
export type Userinfo = v.InferOutput<typeof Userinfo>

const MAX_BYTES = 64 * 1024

export async function readUserinfo(
  endpoint: string,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
  { door }: Pick<OidcContext, 'door'>,
): Promise<Result<Userinfo, 'provider_unavailable' | 'wrong_userinfo_subject'>> {
  const answer = await door.ask(endpoint, {
    accept: 'application/json',
    maxBytes: MAX_BYTES,
    authorization: `Bearer ${accessToken}`,
  })
  if (!answer.ok || answer.value.status !== 200) return err('provider_unavailable')
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Userinfo), new TextDecoder().decode(answer.value.body))
  if (!parsed.success) return err('provider_unavailable')
  return parsed.output.sub === subject ? ok(parsed.output) : err('wrong_userinfo_subject')
}
