/** better-sqlite3 as wrapped. That a capture finds it is recorded: collector/src/model/stacks.test.ts. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import { observe } from '../testing/observe.ts'
import { betterSqlite3 } from './better-sqlite3.ts'
import type { HookContext } from './hook.ts'

interface Statement {
  run(...args: unknown[]): { changes: number }
  get(...args: unknown[]): unknown
  all(...args: unknown[]): unknown[]
}

interface Database {
  exec(sql: string): Database
  prepare(sql: string): Statement
  pragma(text: string): unknown
  transaction<T>(fn: () => T): () => T
  function(name: string, fn: () => unknown): void
}

const { reader, stop } = observe([], [betterSqlite3])
const Database = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => Database
stop()
reader.read()

suite('better-sqlite3, wrapped', () => {
  test('is seen, with its version', () => {
    const [{ module, version, how }] = reader.hooked as [(typeof reader.hooked)[0]]
    assert.deepEqual([module, how], ['better-sqlite3', 'patch'])
    assert.match(version, /^\d+\.\d+\.\d+/)
  })

  test('answers as before', () => {
    const database = new Database(':memory:')
    assert.equal(database.exec('create table a (b integer)'), database)
    const insert = database.prepare('insert into a values (?)')
    assert.deepEqual(
      [7, 8].map((value) => insert.run(value).changes),
      [1, 1],
    )
    const select = database.prepare('select b from a where b > ? order by b')
    assert.deepEqual(select.all(0), [{ b: 7 }, { b: 8 }])
    assert.deepEqual(select.get(7), { b: 8 })
    assert.equal(select.get(9), undefined)
    assert.deepEqual(database.pragma('user_version'), [{ user_version: 0 }])
    assert.equal(database.transaction(() => insert.run(9).changes)(), 1)
    const { run, get, all } = Object.getPrototypeOf(select) as Statement
    assert.deepEqual([run.name, get.name, all.name], ['run', 'get', 'all'])
    assert.throws(() => Reflect.apply(get, {}, []), TypeError)
  })

  test('leaves no trace in the stacks of its errors, and those of the program are its own', () => {
    const database = new Database(':memory:')
    for (const call of [() => database.exec('no sql'), () => database.prepare('no sql')]) {
      assert.throws(call, ({ code, stack }: NodeJS.ErrnoException) => {
        assert.equal(code, 'SQLITE_ERROR')
        assert.match(stack!.split('\n')[1]!, /better-sqlite3\.test\.ts/)
        return true
      })
    }
    const mine = new Error('mine')
    database.function('fail', () => {
      throw mine
    })
    assert.throws(
      () => database.prepare('select fail()').get(),
      (error) => error === mine,
    )
  })

  test('that is of another make is left alone', () => {
    assert.throws(() => betterSqlite3.start({} as HookContext, { exec() {} } as never, '12.0.0'), /prepare/)
    const exports = { exec: () => 1, prepare: () => ({ all: 2 }) }
    betterSqlite3.start({} as HookContext, exports as never, '12.0.0')
    assert.deepEqual([exports.exec(), exports.prepare()], [1, { all: 2 }])
  })
})
