/**
 * What the cases must have come to at each route, at least once: its success, and what else only a good request comes to. Without this line a
 * route would count as tested while every request to it is refused at the door.
 *
 * @module
 */

/** By method and path as the application declares them: outcomes as `outcomeOf` of `answers.ts` names them. */
export const REACHED: Readonly<Record<string, readonly string[]>> = {
  'GET /health/live': ['200'],
  'GET /health/ready': ['200'],
  'GET /.well-known/oauth-authorization-server': ['200'],
  'GET /.well-known/openid-configuration': ['200'],
  'GET /.well-known/jwks.json': ['200'],
  'POST /oauth/token': [
    ...['200 token_issued', '200 token_refreshed', '200 machine_token_issued', '200 token_exchanged'],
    ...['200 id_jag_issued', '200 assertion_redeemed', '200 workload_token_issued', '400', '401'],
  ],
  'POST /oauth/register': ['201', '400', '401'],
  'POST /oauth/revoke': ['200', '400', '401'],
  'POST /oauth/introspect': ['200', '400', '401'],
  'GET /oauth/authorize': ['200', '303 /sign-in', '400'],
  'ALL /oauth/authorize': ['405'],
  'POST /oauth/authorize/consent': ['303 with a code', '303 with access_denied', '303 /sign-in', '400', '403'],
  'GET /oauth/client-logo': ['200', '404'],
  'GET /sign-in': ['200', '303 /account', '303 /oauth/authorize'],
  'POST /sign-in': ['303 /account', '303 /oauth/authorize', '403', '400'],
  'POST /oidc/start': ['303 /authorize', '400', '403'],
  'GET /oidc/callback/:provider': ['303 /account', '303 /oauth/authorize', '400', '403'],
  'POST /oidc/back-channel-logout': ['200', '400'],
  'POST /sign-out': ['303 /sign-in', '403', '400'],
  'GET /account': ['200', '303 /sign-in', '303 /account'],
  'POST /account/revoke': ['303 /account', '303 /sign-in', '403'],
  'GET /assets/style-*.css': ['200'],
  'GET /assets/icon-*.svg': ['200'],
}
