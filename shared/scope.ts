/**
 * Scopes: an unordered set of case-sensitive tokens, written as one string with single spaces between them.
 *
 * @see RFC 6749 section 3.3
 * @module
 */
/** `"a b  a"` -> `['a', 'b']`: order kept, repeats and surplus spaces dropped. */
export function parseScope(scope: string | undefined): readonly string[] {
  return [...new Set((scope ?? '').split(' ').filter((token) => token !== ''))]
}

/** `['a', 'b']` -> `"a b"`. */
export function formatScope(scopes: readonly string[]): string {
  return unionScopes(scopes).join(' ')
}

/** Every scope of any of the sets, in the order of first appearance. */
export function unionScopes(...sets: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(sets.flat())]
}

/** Whether `granted` holds every one of `wanted`. No hierarchy: expand first where one is declared. */
export function includesScopes(granted: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((scope) => granted.includes(scope))
}

/** Those of `wanted` that `granted` lacks. */
export function missingScopes(granted: readonly string[], wanted: readonly string[]): readonly string[] {
  return wanted.filter((scope) => !granted.includes(scope))
}

/** A declared hierarchy: each broader scope with the narrower ones that it implies, e.g. `{ 'notes:write': ['notes:read'] }`. */
export type ScopeHierarchy = Readonly<Record<string, readonly string[]>>

/** `scopes` and everything that they imply, transitively. Cycles are harmless. */
export function expandScopes(scopes: readonly string[], hierarchy: ScopeHierarchy): readonly string[] {
  const seen = new Set<string>()
  const visit = (scope: string): void => {
    if (seen.has(scope)) return
    seen.add(scope)
    for (const implied of Object.hasOwn(hierarchy, scope) ? (hierarchy[scope] ?? []) : []) visit(implied)
  }
  scopes.forEach(visit)
  return [...seen]
}
