/**
 * The device authorization response.
 *
 * @see RFC 8628 section 3.2
 * @module
 */
import { type Guard, type Guarded, isOptional, isRecord, isString, isText } from './guard.ts'

const LONGEST_LIFETIME = 86_400
const LONGEST_INTERVAL = 300

/** It ends up on a terminal: no control characters. */
const isUserCode: Guard<string> = (value): value is string => isString(value) && /^\P{C}{1,64}$/u.test(value)
const isDuration: Guard<number> = (value): value is number => typeof value === 'number' && !Number.isNaN(value)
const isLifetime: Guard<number> = (value): value is number => isDuration(value) && value >= 1

const isForeignDeviceAuthorization = isRecord({
  device_code: isText,
  user_code: isUserCode,
  verification_uri: isText,
  verification_uri_complete: isOptional(isText),
  expires_in: isLifetime,
  interval: isDuration,
})
/** What a client accepts from any server. Times in seconds. */
export type ForeignDeviceAuthorization = Guarded<typeof isForeignDeviceAuthorization>

/** Reads one; `undefined` where it is none. An absent `interval` means 5; what is not sensible is made so. */
export function readDeviceAuthorization(json: unknown): ForeignDeviceAuthorization | undefined {
  const answer = { interval: 5, ...Object(json) }
  if (!isForeignDeviceAuthorization(answer)) return undefined
  return {
    ...answer,
    expires_in: Math.min(answer.expires_in, LONGEST_LIFETIME),
    interval: Math.min(Math.max(answer.interval, 1), LONGEST_INTERVAL),
  }
}

/** RFC 8628 section 3.4. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
