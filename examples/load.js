/** Puts a mixed load on one of the example servers: `node examples/load.js --help` */
import { parseArgs } from 'node:util'
import { drive } from './load/drive.js'
import { chooseMix, MIX } from './load/mix.js'
import { createSummary, formatSummary } from './load/summary.js'

const HELP = `Usage: node examples/load.js [URL] [options]

Puts a mixed load on an example server: mostly good routes, each trouble now and then.
URL is the server's, on this machine only; http://127.0.0.1:3000 by default.

  --seconds N    for how long (default 30)
  --rate N       requests a second in total (default: the usual rate of each route, ${usualRate()} in total)
  --only ROUTE   this route alone; a part of its name is enough; may be given more than once
  --json         print the summary as JSON
  --help         this text

Routes, and how many a second:
${MIX.map(({ route, perSecond }) => `  ${route.padEnd(30)} ${perSecond}`).join('\n')}

Examples:
  node examples/load.js --seconds 60
  node examples/load.js http://127.0.0.1:8080 --only 'POST /login' --rate 5
`

function usualRate() {
  return Math.round(MIX.reduce((sum, { perSecond }) => sum + perSecond, 0))
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '30' },
      rate: { type: 'string' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rate = values.rate === undefined ? undefined : positive('--rate', values.rate, 2000)
  return {
    help: values.help,
    json: values.json,
    url: loopbackUrl(positionals[0] ?? 'http://127.0.0.1:3000'),
    seconds: positive('--seconds', values.seconds, 86_400),
    mix: chooseMix({ only: values.only, rate }),
  }
}

function positive(name, text, most) {
  const number = Number(text)
  if (number > 0 && number <= most) return number
  throw new Error(`${name} is ${JSON.stringify(text)}; it must be a number above 0 and up to ${most}.`)
}

/** A load is for a server of one's own. */
function loopbackUrl(text) {
  const url = URL.parse(text)
  if (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname)) return url
  throw new Error(`${JSON.stringify(text)} is not http://127.0.0.1:PORT. The load goes to this machine only.`)
}

function complain(message, code) {
  console.error(`load: ${message}`)
  process.exitCode = code
}

async function main() {
  let options
  try {
    options = readOptions()
  } catch (error) {
    return complain(`${error.message}\nTry --help.`, 2)
  }
  if (options.help) return void process.stdout.write(HELP)
  const { url, mix, seconds } = options
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort())
  const summary = createSummary(mix.map(({ route }) => route))
  const outcome = await drive({ url, mix, seconds, signal: stop.signal, summary })
  const rows = summary.rows()
  console.log(options.json ? JSON.stringify({ ...outcome, rows }) : formatSummary(rows, outcome))
  const failed = rows.every(({ count, errors }) => count === errors)
  if (failed && !stop.signal.aborted)
    complain(`no request was answered well. Is a server listening on ${url.origin}?`, 1)
}

await main()
