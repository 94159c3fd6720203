/**
 * The oldest and the newest Node that are supported, beside the one that runs this: start, a named block, the end. They come
 * from the npm registry, once, into node_modules/.cache.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { get, portOf, repeatedly } from './support/http.ts'
import { cleanEnvironment, PROGRAMS, ROOT, run, start } from './support/program.ts'

const CACHE = join(ROOT, 'node_modules/.cache/loopscope-nodes')
const HELD =
  readFileSync(join(PROGRAMS, 'smoke.js'), 'utf8')
    .split('\n')
    .findIndex((line) => line.endsWith('// <- held')) + 1

async function install(major: number): Promise<string> {
  const folder = join(CACHE, String(major))
  const path = join(folder, 'node_modules/node/bin/node')
  if (existsSync(path)) return path
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // The package fetches its binary by a script of its own, which npm runs only for whom it is allowed.
  const about = { private: true, dependencies: { node: String(major) }, allowScripts: { node: true } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(about))
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error']
  await promisify(execFile)('npm', ['install', ...quiet], { cwd: folder, env: cleanEnvironment() })
  return path
}

suite('Node', { timeout: 170_000 }, () => {
  const nodes = new Map([[24, process.execPath]])

  before(async () => {
    await Promise.all([22, 26].map(async (major) => nodes.set(major, await install(major))))
  })

  for (const major of [22, 24, 26]) {
    test(`${major}: starts, names a block with its line and request, and ends by itself`, async (t) => {
      const execPath = nodes.get(major)!
      const version = execFileSync(execPath, ['--version'], { encoding: 'utf8' }).trim()
      assert.ok(version.startsWith(`v${major}.`), version)
      const running = start(t, 'smoke.js', { execPath })
      const port = await portOf(running)
      await running.ready()
      assert.equal((await get(port, '/')).body, 'ok')
      const again = repeatedly(port, '/')
      const block = await running.until('the block', async () => {
        await again()
        return (await running.table('blocks')).find((row) => !row.open && row.function === 'holdLoop')
      })
      t.diagnostic(`${version}: ${block.duration.toFixed(0)} ms, ${block.evidence.samples} samples`)
      assert.deepEqual([block.file, block.line], ['agent/test/programs/smoke.js', HELD])
      assert.deepEqual([block.activity?.kind, block.activity?.name], ['request', 'GET *'])
      const [instance] = await running.table('instances')
      assert.equal(`v${instance!.node}`, version)
      running.child.stdin!.end()
      const { code, stderr } = await running.ended
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    })

    test(`${major}: a CommonJS program by NODE_OPTIONS`, async (t) => {
      const environment = { NODE_OPTIONS: '--import agent' }
      const { code, stdout, stderr } = await run(t, 'hello.cjs', { execPath: nodes.get(major)!, node: [], environment })
      assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'hello.cjs: agent true\n', stderr: '' })
    })
  }

  const old = olderNode()
  const skip = old === undefined ? 'there is no Node older than 22 on this machine' : false
  test('older than 22 runs its program, and the agent says once why it does not', { skip }, async (t) => {
    const { code, stdout, stderr } = await run(t, 'hello.cjs', { execPath: old! })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'hello.cjs: agent false\n' })
    assert.match(
      stderr,
      /^loopscope: Node \S+ is too old: loopscope needs 22\.15 or newer; the program runs without it\n$/,
    )
  })
})

/** One that can import at all: `--import` came with 18.18. */
function olderNode(): string | undefined {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, 'node')
    try {
      accessSync(path, constants.X_OK)
      const major = Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1])
      if (major >= 20 && major < 22) return path
    } catch {
      // Not here.
    }
  }
  return undefined
}
