/**
 * What the client needs of a browser.
 *
 * @module
 */
export { type IndexedDbStoreOptions, indexedDbStore } from './indexed-db-store.ts'
export { finishPopup, type Popup, type PopupOptions, popup } from './popup.ts'
