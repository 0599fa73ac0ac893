/**
 * What the page at the redirect URI runs: it hands the answer to the page that waits for it, and closes its window.
 *
 * @module
 */
import { finishPopup } from '../../client/browser/index.ts'

finishPopup()
