/**
 * Answers with a header more.
 *
 * @module
 */

/** The answer itself, or one like it where it cannot be changed: those that were fetched from elsewhere cannot. */
export function withHeader(response: Response, name: string, value: string): Response {
  try {
    response.headers.set(name, value)
    return response
  } catch {
    return withHeader(new Response(response.body, response), name, value)
  }
}
