/** Whom a stack blames, innermost frame first. What natives and synchronous calls look like is recorded: stacks.test.ts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Cause, Frame } from '../protocol/rows.ts'
import { findCulprit } from './culprit.ts'

/** `function@file:line`, one a line. */
function stack(text: string): Frame[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [, name = '', file = '', at = '0'] = /^\s*(.+?)@(.*?)(?::(\d+))?$/.exec(line)!
      return { function: name, file, line: Number(at), column: 1, async: false }
    })
}

interface Case {
  says: string
  stack: string
  function: string
  line: number
  api: string | null
  cause: Cause
  package?: string
}

const CASES: Case[] = [
  {
    says: 'a loop: its own function',
    stack: `
      spin@src/report.js:11
      (anonymous)@src/server.js:41
      emit@node:events:514
      parserOnIncoming@node:_http_server:1293`,
    function: 'spin',
    line: 11,
    api: null,
    cause: 'js',
  },
  {
    says: 'a synchronous call: the line that made it, and its name',
    stack: `
      handleError@node:internal/crypto/pbkdf2:80
      pbkdf2Sync@node:internal/crypto/pbkdf2:68
      hashPassword@src/auth.js:31
      handle@/app/node_modules/express/lib/router/layer.js:95`,
    function: 'hashPassword',
    line: 31,
    api: 'crypto.pbkdf2Sync',
    cause: 'sync-call',
  },
  {
    says: 'a file read at once',
    stack: `
      readFileSync@node:fs:441
      readCatalogue@src/catalogue.js:9`,
    function: 'readCatalogue',
    line: 9,
    api: 'fs.readFileSync',
    cause: 'sync-call',
  },
  {
    says: 'a child process that is waited for',
    stack: `
      checkExecSyncError@node:child_process:908
      execSync@node:child_process:981
      convertImage@src/image.js:5`,
    function: 'convertImage',
    line: 5,
    api: 'child_process.execSync',
    cause: 'sync-call',
  },
  {
    says: "zlib's synchronous forms, which share one wrapper",
    stack: `
      processChunkSync@node:zlib:402
      zlibBufferSync@node:zlib:178
      syncBufferWrapper@node:zlib:780
      packReport@src/report.js:20`,
    function: 'packReport',
    line: 20,
    api: 'zlib.*Sync',
    cause: 'sync-call',
  },
  {
    says: 'a regular expression',
    stack: `
      RegExp.test@
      checkCoupon@src/coupon.js:3`,
    function: 'checkCoupon',
    line: 3,
    api: 'RegExp.test',
    cause: 'js',
  },
  {
    says: 'a comparator, not its sort',
    stack: `
      byPrice@src/sort.js:4
      Array.sort@
      list@src/sort.js:8`,
    function: 'byPrice',
    line: 4,
    api: null,
    cause: 'js',
  },
  {
    says: 'a sort without a comparator',
    stack: `
      Array.sort@
      list@src/sort.js:8`,
    function: 'list',
    line: 8,
    api: 'Array.sort',
    cause: 'js',
  },
  {
    says: 'a wait',
    stack: `
      Atomics.wait@
      waitForOther@src/lock.js:7`,
    function: 'waitForOther',
    line: 7,
    api: 'Atomics.wait',
    cause: 'sync-call',
  },
  {
    says: 'a module loaded late',
    stack: `
      compileForInternalLoader@node:internal/bootstrap/realm:400
      require@node:internal/modules/helpers:135
      lazily@src/lazy.js:2`,
    function: 'lazily',
    line: 2,
    api: 'require',
    cause: 'sync-call',
  },
  {
    says: "a package's code: the line of the program that called it",
    stack: `
      parse@/app/node_modules/big-parser/index.js:900
      parseAll@/app/node_modules/big-parser/index.js:20
      importOrders@src/orders.js:55`,
    function: 'importOrders',
    line: 55,
    api: null,
    cause: 'js',
    package: 'big-parser',
  },
  {
    says: 'a scoped package that pnpm has put into its store, and what it called',
    stack: `
      readFileSync@node:fs:441
      load@/app/node_modules/.pnpm/@acme+templates@1.2.3_react@18/node_modules/@acme/templates/load.js:3
      render@/app/node_modules/.pnpm/pages@2.0.0/node_modules/pages/index.js:9
      showPage@src/pages.ts:12`,
    function: 'showPage',
    line: 12,
    api: 'fs.readFileSync',
    cause: 'sync-call',
    package: '@acme/templates',
  },
  {
    says: "the program's callback, not the package that calls it",
    stack: `
      byPrice@src/sort.js:4
      sortBy@C:\\app\\node_modules\\lodash\\lodash.js:80
      list@src/sort.js:8`,
    function: 'byPrice',
    line: 4,
    api: null,
    cause: 'js',
  },
  {
    says: 'a package on Windows',
    stack: `
      sortBy@C:\\app\\node_modules\\@acme\\sort\\index.js:80
      list@src/sort.js:8`,
    function: 'list',
    line: 8,
    api: null,
    cause: 'js',
    package: '@acme/sort',
  },
  {
    says: "a statement of a package's addon: the line of the program, and the package",
    stack: `
      better-sqlite3 Statement.all@
      listOrders@src/orders.js:5`,
    function: 'listOrders',
    line: 5,
    api: 'better-sqlite3 Statement.all',
    cause: 'sync-call',
    package: 'better-sqlite3',
  },
  {
    says: "a statement that another package makes: the program's line, and what was called",
    stack: `
      eval@
      better-sqlite3 Statement.all@
      query@/app/node_modules/knex/lib/better-sqlite3.js:20
      listOrders@src/orders.js:5`,
    function: 'listOrders',
    line: 5,
    api: 'better-sqlite3 Statement.all',
    cause: 'sync-call',
    package: 'better-sqlite3',
  },
  {
    says: 'a text that is evaluated: who evaluates it',
    stack: `
      (anonymous)@evalmachine.<anonymous>:1
      runInContext@node:vm:149
      runInNewContext@node:vm:310
      runRule@src/rules.js:20`,
    function: 'runRule',
    line: 20,
    api: 'vm.runInNewContext',
    cause: 'js',
  },
  {
    says: 'a getter of a global: no call that anybody wrote',
    stack: `
      get@node:internal/bootstrap/node:474
      compare@src/bytes.js:7`,
    function: 'compare',
    line: 7,
    api: null,
    cause: 'js',
  },
  {
    says: 'a step of an iteration: the line says what is iterated',
    stack: `
      MapIterator.next@
      listEntries@src/map.js:3`,
    function: 'listEntries',
    line: 3,
    api: null,
    cause: 'js',
  },
  {
    says: "a package's own callback: the package, when nothing of the program is on the stack",
    stack: `
      from@node:buffer:330
      onData@/app/node_modules/driver/socket.js:12
      emit@node:events:514`,
    function: 'onData',
    line: 12,
    api: 'Buffer.from',
    cause: 'js',
    package: 'driver',
  },
  {
    says: "Node's own code, not the native that it called, when there is nothing else",
    stack: `
      Buffer.from@
      onStreamRead@node:internal/stream_base_commons:189`,
    function: 'onStreamRead',
    line: 189,
    api: null,
    cause: 'js',
  },
  {
    says: "Node's own code, when there is nothing else",
    stack: `
      processTimers@node:internal/timers:529`,
    function: 'processTimers',
    line: 529,
    api: null,
    cause: 'js',
  },
]

suite('a stack blames', () => {
  for (const { says, stack: text, ...expected } of CASES) {
    test(says, () => {
      const { frame, package: name, ...rest } = findCulprit(stack(text))!
      const found = { function: frame.function, line: frame.line, ...rest, ...(name === null ? {} : { package: name }) }
      assert.deepEqual(found, expected)
    })
  }

  test('nobody, when it is empty', () => assert.equal(findCulprit([]), undefined))
})
