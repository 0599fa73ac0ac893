/**
 * Which part of a list that is too long for one page: a number from 1 on, as links and forms carry it.
 *
 * @module
 */

/** Grants on a page. */
export const PAGE_SIZE = 20

/** Whatever else somebody wrote is the first. */
export const readPage = (text: string | null): number =>
  text !== null && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1
