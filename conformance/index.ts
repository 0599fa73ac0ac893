/**
 * Checks over HTTP that any authorization server or protected MCP server can be put to, and reports of them.
 *
 * @module
 */

export type { ClientMethod } from './authorization-server/clients.ts'
export {
  AUTHORIZATION_SERVER_CHECKS,
  type CheckAuthorizationServerOptions,
  checkAuthorizationServer,
} from './authorization-server/index.ts'
export type { DocumentHost } from './authorization-server/options.ts'
export type { Check, Level, Verdict } from './core/check.ts'
export type { Exchange, Fetch, FetchLines } from './core/http.ts'
export { type CheckResult, type Report, type Status, succeeded } from './core/report.ts'
export { type Landing, type Visit, visitAlone } from './core/visit.ts'
export { type DiagnoseOptions, type Diagnosis, diagnose, type StepResult } from './doctor/diagnose.ts'
export { toDiagnosisText } from './doctor/text.ts'
export { toHtml } from './report/html.ts'
export { toJson } from './report/json.ts'
export { toJunit } from './report/junit.ts'
export { toText } from './report/text.ts'
export type { Signer } from './resource-server/context.ts'
export {
  type CheckResourceServerOptions,
  checkResourceServer,
  RESOURCE_SERVER_CHECKS,
} from './resource-server/index.ts'
