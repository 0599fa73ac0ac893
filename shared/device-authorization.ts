/**
 * The device authorization response.
 *
 * @see RFC 8628 section 3.2
 * @module
 */
import * as v from 'valibot'

const url = v.pipe(v.string(), v.minLength(1))

/** What a client accepts from any server. Times in seconds; an absent `interval` means 5. */
export const ForeignDeviceAuthorization = v.looseObject({
  device_code: v.pipe(v.string(), v.minLength(1)),
  // It ends up on a terminal: no control characters.
  user_code: v.pipe(v.string(), v.regex(/^\P{C}{1,64}$/u)),
  verification_uri: url,
  verification_uri_complete: v.optional(url),
  expires_in: v.pipe(v.number(), v.minValue(1), v.toMaxValue(86_400)),
  interval: v.optional(v.pipe(v.number(), v.toMinValue(1), v.toMaxValue(300)), 5),
})
export type ForeignDeviceAuthorization = v.InferOutput<typeof ForeignDeviceAuthorization>

/** RFC 8628 section 3.4. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
