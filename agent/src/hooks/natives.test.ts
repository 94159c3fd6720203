/** structuredClone and functions of Node's modules as wrapped. That a capture finds them is recorded: collector/src/model/stacks.test.ts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { natives } from './natives.ts'
import type { HookContext } from './hook.ts'

const rows: unknown[] = []
const originalClone = globalThis.structuredClone
const originalFlags = { ...Object.getOwnPropertyDescriptor(globalThis, 'structuredClone'), value: 0 }
natives.start({ seen: (row: unknown) => rows.push(row) } as unknown as HookContext)
const { DatabaseSync, StatementSync } = await import('node:sqlite')

suite('structuredClone, wrapped', () => {
  test('is of the same name, length, properties and flags', () => {
    assert.notEqual(structuredClone, originalClone)
    assert.deepEqual([structuredClone.name, structuredClone.length], [originalClone.name, originalClone.length])
    assert.deepEqual(
      Object.keys(Object.getOwnPropertyDescriptors(structuredClone)).sort(),
      Object.keys(Object.getOwnPropertyDescriptors(originalClone)).sort(),
    )
    assert.deepEqual({ ...Object.getOwnPropertyDescriptor(globalThis, 'structuredClone'), value: 0 }, originalFlags)
  })

  test('clones and transfers, and throws what it threw', () => {
    const value = { map: new Map([[1, new Date(5)]]), list: [1n, /a/g], self: undefined as unknown }
    value.self = value
    assert.deepEqual(structuredClone(value), originalClone(value))
    const buffer = new ArrayBuffer(8)
    assert.equal(structuredClone(buffer, { transfer: [buffer] }).byteLength, 8)
    assert.equal(buffer.byteLength, 0)
    assert.throws(() => structuredClone(() => 1), { name: 'DataCloneError' })
    const call = structuredClone as () => unknown
    assert.throws(() => call(), { code: 'ERR_MISSING_ARGS' })
    const mine = new Error('mine')
    const thrower = { get a(): never { throw mine } } // prettier-ignore
    assert.throws(
      () => structuredClone(thrower),
      (error) => error === mine,
    )
  })
})

suite("functions of Node's modules, wrapped", () => {
  test('are the same for every way to import them, before and after', async () => {
    const fs = await import('node:fs')
    assert.equal(readFileSync, fs.default.readFileSync)
    assert.equal(process.getBuiltinModule('fs').readFileSync, readFileSync)
    const { readFileSync: read, existsSync } = fs
    assert.match(Function.prototype.toString.call(read), /hide/)
    assert.deepEqual([read.name, read.length, existsSync.name], ['readFileSync', 2, 'existsSync'])
    const crypto = await import('node:crypto')
    assert.match(Function.prototype.toString.call(crypto.hash), /hide/)
    assert.equal(crypto.hash, crypto.default.hash)
    assert.equal(typeof fs.realpathSync.native, 'function')
  })

  test('answer as before', async () => {
    const { hash, randomBytes } = await import('node:crypto')
    const { deserialize, serialize } = await import('node:v8')
    const { spawnSync } = await import('node:child_process')
    assert.equal(hash('sha1', 'a'), '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8')
    assert.equal(randomBytes(5).length, 5)
    assert.equal((await new Promise<Buffer>((done) => randomBytes(7, (_, bytes) => done(bytes)))).length, 7)
    assert.deepEqual(deserialize(serialize({ a: [1, 'b'] })), { a: [1, 'b'] })
    assert.equal(spawnSync(process.execPath, ['-p', '1+1'], { encoding: 'utf8' }).stdout, '2\n')
    assert.ok(readFileSync(import.meta.filename, 'utf8').startsWith('/**'))
    assert.ok(Buffer.isBuffer(readFileSync(import.meta.filename)))
  })

  test('throw what they threw, with a stack that begins with the line that called', () => {
    for (const [call, code] of [
      [() => readFileSync('/no/such/file'), 'ENOENT'],
      [() => readdirSync('/no/such/folder'), 'ENOENT'],
      [() => readFileSync({} as never), 'ERR_INVALID_ARG_TYPE'],
    ] as const) {
      assert.throws(call, (error: NodeJS.ErrnoException) => {
        assert.equal(error.code, code)
        const [head, first] = error.stack!.split('\n') as [string, string]
        assert.ok(head.includes(error.message), head)
        assert.match(first, /natives\.test\.ts/)
        if (code === 'ENOENT') assert.match(error.path!, /^\/no\/such\//)
        else assert.match(head, /^TypeError \[ERR_INVALID_ARG_TYPE\]: /)
        return true
      })
    }
  })
})

suite('node:sqlite, wrapped when it is loaded', () => {
  test('is seen once', () => {
    const seen = (rows as { module: string }[]).filter(({ module }) => module === 'node:sqlite')
    assert.deepEqual(seen, [{ module: 'node:sqlite', version: '', how: 'patch' }])
  })

  test('answers as before', () => {
    const database = new DatabaseSync(':memory:')
    assert.equal(database.exec('create table a (b integer)'), undefined)
    const insert = database.prepare('insert into a values (?)')
    assert.ok(insert instanceof StatementSync)
    assert.deepEqual({ ...insert.run(7) }, { lastInsertRowid: 1, changes: 1 })
    insert.run(8)
    const select = database.prepare('select b from a where b > $least order by b')
    assert.deepEqual(
      select.all({ least: 0 }).map((row) => ({ ...row })),
      [{ b: 7 }, { b: 8 }],
    )
    assert.deepEqual({ ...select.get({ $least: 7 }) }, { b: 8 })
    assert.equal(select.get({ least: 9 }), undefined)
    const { get } = StatementSync.prototype
    assert.deepEqual([get.name, get.length], ['get', 0])
    assert.throws(() => Reflect.apply(get, {}, []), TypeError)
    database.close()
  })

  test('leaves no trace in the stacks of its errors, and those of the program are its own', () => {
    const database = new DatabaseSync(':memory:')
    try {
      database.exec('no sql')
      assert.fail('nothing was thrown')
    } catch (error) {
      const { code, stack } = error as NodeJS.ErrnoException
      assert.equal(code, 'ERR_SQLITE_ERROR')
      assert.match(stack!.split('\n')[1]!, /natives\.test\.ts/)
      assert.doesNotMatch(stack!, /landing/)
    }
    const mine = new Error('mine')
    database.function('fail', () => {
      throw mine
    })
    assert.throws(
      () => database.prepare('select fail()').get(),
      (error) => error === mine,
    )
    database.close()
  })

  test('is not loaded before the program does: Node warns that it is experimental', () => {
    const url = pathToFileURL(join(import.meta.dirname, 'natives.ts')).href
    const start = `import { natives } from ${JSON.stringify(url)}; natives.start({ seen: (row) => console.log(row.module) })`
    const run = (code: string): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', `${start}; ${code}`], { encoding: 'utf8' })
    const isLoaded = "process.moduleLoadList.some((name) => name.endsWith('NativeModule sqlite'))"
    assert.match(run(`console.log(${isLoaded})`), /^(?!.*sqlite).*false\n$/s)
    assert.match(
      run(`process.getBuiltinModule('node:module').createRequire('/')('node:sqlite'); console.log(${isLoaded})`),
      /^node:sqlite\ntrue\n$/m,
    )
  })
})
