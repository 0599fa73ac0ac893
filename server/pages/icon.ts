/**
 * The mark: a gate within a gate.
 *
 * @module
 */

export const ICON_SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#3a5bc7"/>
<path d="M7.5 25.5V15a8.5 8.5 0 0 1 17 0v10.5" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>
<path d="M12.7 25.5V16a3.3 3.3 0 0 1 6.6 0v9.5z" fill="#fff"/>
</svg>
`
