/**
 * Drives a server over keep-alive connections, at a cost to the driver that is small beside the server's: plain sockets, and only as
 * much HTTP as the answers of these scenarios have.
 *
 * @module
 */

/** An answer, as far as scenarios look at it. */
export interface Answer {
  readonly status: number
  /** Everything before the body. */
  readonly head: string
  readonly body: string
}

/** One connection. It sends the next request when the last was answered. */
export interface Connection {
  send(request: string): Promise<Answer>
  close(): void
}

/** What a virtual user does again and again; rejects when an answer is not what it should be. */
export type Operation = () => Promise<void>

/** Milliseconds, one for each operation that ended in the measured time. */
export interface Load {
  readonly operations: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
}

export async function connect(port: number): Promise<Connection> {
  let received = ''
  let waiting: PromiseWithResolvers<Answer> | undefined
  let isOpen = false
  const fail = (): void => {
    isOpen = false
    waiting?.reject(new Error('the server closed the connection'))
  }
  async function open() {
    const opened = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(_, chunk) {
          received += chunk.toString('latin1')
          const answer = readAnswer(received)
          if (answer === null) return
          received = ''
          waiting?.resolve(answer)
        },
        close: fail,
        error: fail,
      },
    })
    isOpen = true
    return opened
  }
  let socket = await open()
  return {
    async send(request) {
      // Servers close what was idle for long, as users are while others have their turn.
      if (!isOpen) socket = await open()
      waiting = Promise.withResolvers<Answer>()
      socket.write(request)
      return waiting.promise
    },
    close: () => void socket.end(),
  }
}

/** A request as it goes over the wire. */
export function get(path: string, headers: Readonly<Record<string, string>> = {}): string {
  return `GET ${path} HTTP/1.1\r\n${lines(headers)}\r\n`
}

/** A form as it goes over the wire. All of it is ASCII. */
export function post(
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): string {
  const body = new URLSearchParams(form).toString()
  const type = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) }
  return `POST ${path} HTTP/1.1\r\n${lines({ ...type, ...headers })}\r\n${body}`
}

/** Enough for the compiler to have had its say: what is measured is a server that has been up for a while. */
const WARM = 60_000

/** Lets every user repeat its operation until the server is warm, or for so many seconds at most. */
export async function warmUp(users: readonly Operation[], seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000
  let left = WARM
  await Promise.all(
    users.map(async (operation) => {
      for (; left > 0 && performance.now() < end; left -= 1) await operation()
    }),
  )
}

/** Lets every user repeat its operation for so many seconds. */
export async function drive(users: readonly Operation[], seconds: number): Promise<Load> {
  const latencies: number[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  await Promise.all(
    users.map(async (operation) => {
      for (let before = start; before < end; ) {
        await operation()
        const after = performance.now()
        latencies.push(after - before)
        before = after
      }
    }),
  )
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0
  return { operations: sorted.length, seconds: (performance.now() - start) / 1000, p50: at(0.5), p99: at(0.99) }
}

const lines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries({ host: '127.0.0.1', accept: 'application/json', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

/** Null until all of it has arrived. */
function readAnswer(text: string): Answer | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const complete =
    length === undefined
      ? !/\r\ntransfer-encoding:/i.test(head) || body.endsWith('0\r\n\r\n')
      : body.length >= Number(length)
  return complete ? { status, head, body } : null
}
