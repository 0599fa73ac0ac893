/**
 * The interaction of web applications without a server: a window for the sign-in, and a channel of this origin for the answer.
 *
 * @see OAuth 2.1 section 2.3.6 (draft-ietf-oauth-v2-1-16): the redirect page goes on to a clean URL, and has no scripts of others
 * @see docs/adr/0152-the-window-has-no-opener.md
 * @module
 */
import { SallyportError } from '../errors.ts'
import type { Interaction, InteractionRequest } from '../interactions/interaction.ts'
import { orAborted } from '../stores/mutex.ts'

/** Heard by every page of this origin; whose answer it is tells its `state`. */
const CHANNEL = 'sallyport-sign-in'

/** How often to look whether the person has closed the window. Milliseconds. */
const LOOK = 500

const FEATURES = 'popup,width=480,height=720'

/** Where the answer arrives, and how the window is opened. */
export interface PopupOptions {
  /** The page of this origin that calls `finishPopup`. Register it with the client, or list it in the client's document. */
  readonly redirectUri: string
  /** Opens an empty window; `null` where the browser does not let it. Default `window.open`. */
  readonly open?: () => Window | null
}

/** An interaction, and a way to have its window in time. */
export interface Popup extends Interaction {
  /**
   * Opens the window at once, for a sign-in in `work`, and closes it if there was none. Call it in the click: browsers allow no window to
   * a page that has been busy since.
   */
  readonly during: <Value>(work: () => Promise<Value>) => Promise<Value>
}

/**
 * Signs in in a window of its own, while the page stays.
 *
 * @throws {SallyportError} from `authorize`: `interaction_unavailable` where the browser lets no window open, `interaction_failed` when the
 *   person closes it
 * @example
 * const interaction = popup({ redirectUri: `${location.origin}/callback.html` })
 * const session = createSession(url, { interaction })
 * button.onclick = () => interaction.during(() => session.authorize())
 */
export function popup({ redirectUri, open = openEmpty }: PopupOptions): Popup {
  let reserved: Window | null = null
  const take = (): Window | null => {
    const taken = reserved?.closed === false ? reserved : open()
    reserved = null
    return taken
  }
  return {
    name: 'popup',
    async during(work) {
      const own = open()
      reserved = own
      try {
        return await work()
      } finally {
        if (reserved === own) reserved = null
        own?.close()
      }
    },
    prepare: async ({ redirectUri: fixed = redirectUri, registered = [redirectUri] }) => {
      if (fixed !== redirectUri || !registered.includes(redirectUri)) return undefined
      const opened: Window[] = []
      return {
        redirectUri,
        open: (request) => {
          const page = take()
          if (page === null) throw new SallyportError('interaction_unavailable')
          opened.push(page)
          return signInAt(page, request)
        },
        close: async () => {
          for (const page of opened) page.close()
        },
      }
    },
  }
}

/**
 * What the page at the redirect URI calls: hands its address to the page that waits, takes it out of the address bar and the history, and
 * closes the window once it was heard.
 *
 * @example <script type="module">import { finishPopup } from 'sallyport/client/browser'; finishPopup()</script>
 */
export function finishPopup(): void {
  const channel = new BroadcastChannel(CHANNEL)
  const { href } = location
  channel.onmessage = ({ data }) => {
    if (data?.settled !== href) return
    channel.close()
    window.close()
  }
  channel.postMessage({ callback: href })
  history.replaceState(null, '', location.pathname)
}

const openEmpty = (): Window | null => window.open('', '_blank', FEATURES)

async function signInAt(page: Window, { url, judge, signal }: InteractionRequest): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = ({ data }) => {
    const callback = typeof data?.callback === 'string' ? URL.parse(data.callback) : null
    if (callback === null || judge(callback.searchParams) === 'foreign') return
    channel.postMessage({ settled: callback.href })
    resolve(callback.href)
  }
  let gone = 0
  const timer = setInterval(() => {
    // A server may cut the window off from this page, which then looks closed: the person is back only when this page has the focus.
    gone = page.closed && document.hasFocus() ? gone + 1 : 0
    if (gone > 1) reject(new SallyportError('interaction_failed'))
  }, LOOK)
  try {
    // Whatever is shown there has no way to lead this page elsewhere.
    page.opener = null
    page.location.href = url
    return await orAborted(promise, signal)
  } finally {
    clearInterval(timer)
    channel.close()
  }
}
