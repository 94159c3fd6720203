/**
 * better-sqlite3: statements are native and synchronous, without interrupt checks. Its classes come out of an addon, so that
 * their methods are wrapped when the first statement is prepared (support/landing.ts): 10 to 20 ns a call.
 *
 * What `Database` does through its addon is in one file since version 7. The addon's file differs by version and system; 11
 * and 12 build theirs when they are installed, and share this JavaScript with 13.
 */
import type { PackageHook } from './hook.ts'
import { landed, textOf } from './support/landing.ts'
import { patchMethods, type Method, type Patch } from './support/patch.ts'

const NAME = 'better-sqlite3'
const STATEMENT_METHODS = ['run', 'get', 'all'] as const

export const betterSqlite3: PackageHook = {
  name: NAME,
  package: NAME,
  files: [{ file: 'lib/methods/wrappers.js' }],
  majors: [11, 12, 13],
  how: 'patch',
  start(_context, exports) {
    patchMethods([
      [exports, 'exec', (original) => landed(`${NAME} Database.exec`, original, isSqlites)],
      [exports, 'prepare', wrapPrepare],
    ])
  },
}

function wrapPrepare(original: Method): Method {
  let isPatched = false
  const prepare: Method = function (this: unknown, ...args: never[]): unknown {
    const statement = Reflect.apply(original, this, args)
    if (!isPatched) {
      isPatched = true
      patchStatement(Object.getPrototypeOf(statement) as object)
    }
    return statement
  }
  return landed(`${NAME} Database.prepare`, prepare, isSqlites)
}

function patchStatement(prototype: object): void {
  try {
    patchMethods(
      STATEMENT_METHODS.map((name): Patch => [
        prototype,
        name,
        (original) => landed(`${NAME} Statement.${name}`, original, isSqlites),
      ]),
    )
  } catch {
    // Not what this was written for: its blocks are named by what comes after them.
  }
}

/** Functions that the program has given to SQLite throw errors of their own. */
function isSqlites(error: Error): boolean {
  return textOf(error, 'code').startsWith('SQLITE_')
}
