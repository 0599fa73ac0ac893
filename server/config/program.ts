/**
 * Settings of the program itself: its file, development, its log.
 *
 * @module
 */
import * as v from 'valibot'
import { choice, nonEmpty, text, yesOrNo } from './setting.ts'

export const PROGRAM = {
  config: v.optional(
    text(nonEmpty, 'a path', 'The config file.', {
      defaultText: '`sallyport.config.ts` or `sallyport.config.json`, where there is one',
    }),
  ),
  dev: v.optional(
    yesOrNo('Development: defaults that need no preparation. Refused unless the issuer is on loopback.'),
    false,
  ),
  dev_login: v.optional(
    text(
      nonEmpty,
      "a user's name",
      'Signs every authorization request in as this user and approves it without a page, for headless tests. Refused unless the issuer is on loopback.',
      { defaultText: 'off' },
    ),
  ),
  log: v.optional(
    v.strictObject({
      level: v.optional(
        choice(['debug', 'info', 'warning', 'error'], 'The least important messages that are logged.'),
        'info',
      ),
      format: v.optional(
        choice(['text', 'json'], 'Lines for people, or one JSON object per line. Both go to stderr.', { dev: 'text' }),
        'json',
      ),
    }),
    {},
  ),
}
