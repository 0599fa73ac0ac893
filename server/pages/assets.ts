/**
 * The stylesheet and the icon, under names that change with their content, so that browsers may keep them for good.
 *
 * @see RFC 8246 section 2: `immutable`
 * @module
 */
import { createHash } from 'node:crypto'
import { ICON_SVG } from './icon.ts'
import { STYLES } from './styles.ts'

/** A file that a page needs. */
export interface Asset {
  /** Below the issuer. */
  readonly path: string
  readonly type: string
  readonly content: string
}

export const STYLESHEET: Asset = asset('style', 'css', 'text/css; charset=utf-8', STYLES)
export const ICON: Asset = asset('icon', 'svg', 'image/svg+xml', ICON_SVG)

export function assetResponse({ type, content }: Asset): Response {
  return new Response(content, {
    headers: {
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
    },
  })
}

function asset(name: string, extension: string, type: string, content: string): Asset {
  const version = createHash('sha256').update(content).digest('hex').slice(0, 12)
  return { path: `/assets/${name}-${version}.${extension}`, type, content }
}
