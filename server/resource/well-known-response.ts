/**
 * Answers at well-known paths: always JSON, never 401, readable and cacheable by anyone.
 *
 * @see RFC 9728 section 3.2 and section 7.10
 * @module
 */
import { preflightResponse } from './cors.ts'
import { jsonResponse, problemResponse } from './json-response.ts'

const METHODS = 'GET, HEAD, OPTIONS'

/** Runs `answer` for the methods that read a document, and answers the others itself. */
export async function answerWellKnown(method: string, answer: () => Response | Promise<Response>): Promise<Response> {
  if (method === 'OPTIONS') return preflightResponse(METHODS)
  if (method === 'GET' || method === 'HEAD') return answer()
  return problemResponse(405, 'This document can only be read.', { allow: METHODS })
}

export function documentResponse(document: unknown): Response {
  return jsonResponse(200, document, { 'cache-control': 'public, max-age=300' })
}

export function notFoundResponse(): Response {
  return problemResponse(404, 'There is no such document.')
}
