/**
 * What the client needs of a browser.
 *
 * @module
 */
export { finishPopup, type Popup, type PopupOptions, popup } from './popup.ts'
