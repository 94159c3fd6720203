/** Code that V8 runs in other ways: evaluated, in other contexts, out of stack, ended by force, in WebAssembly, in waits. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { check, spin, times } from './check.js'

const ROUNDS = 15

await check('evaluated code keeps its variables', (expect) => {
  times(ROUNDS, (i) => {
    const direct = new Function('spin', 'i', 'var a = i; eval("var b = a + 1; spin(1)"); return a + b')
    expect('direct', direct(spin, i), 2 * i + 1)
    expect('arguments', new Function('spin', 'spin(1); return arguments.length')(spin, 2, 3), 3)
    expect('indirect', (0, eval)('typeof i'), 'undefined')
  })
})

await check('contexts of vm keep their own Error and RegExp', (expect) => {
  const context = vm.createContext({ spin })
  vm.runInContext(
    'Error.stackTraceLimit = 1; Error.prepareStackTrace = (error, sites) => "own " + sites.length',
    context,
  )
  times(ROUNDS, () => {
    const code = '/(b)/.test("abc"); spin(); [RegExp.$1, new Error("x").stack, Error.stackTraceLimit].join()'
    expect('in the context', vm.runInContext(code, context), 'b,own 1,1')
    expect('outside', Error.stackTraceLimit, 10)
    const isolated = vm.createContext(vm.constants?.DONT_CONTEXTIFY ?? {})
    const run = vm.runInContext('(spin) => { const mine = {}; spin(); return Object.keys(mine).length }', isolated)
    expect('isolated', run(spin), 0)
  })
})

await check('code that is ended by its time limit is ended, and nothing else', (expect) => {
  const { stackTraceLimit, prepareStackTrace } = Error
  times(200, () => {
    let code
    try {
      vm.runInThisContext('for (;;) {}', { timeout: 3 })
    } catch (error) {
      code = error.code
      expect('stack', typeof error.stack, 'string')
    }
    expect('code', code, 'ERR_SCRIPT_EXECUTION_TIMEOUT')
    expect('limit', Error.stackTraceLimit, stackTraceLimit)
    expect('prepareStackTrace', Error.prepareStackTrace, prepareStackTrace)
    expect('stack of another', typeof new Error('planted').stack, 'string')
  })
  spin()
})

await check('an overflow of the stack is a RangeError each time', (expect) => {
  const deeper = () => deeper() + 1
  const wide = (...args) => wide(...args, 1) + 1
  times(30, (i) => {
    let name
    try {
      if (i % 2) deeper()
      else wide()
    } catch (error) {
      name = error.name
    }
    expect('name', name, 'RangeError')
    const end = performance.now() + 2
    const atTheEnd = (depth) => {
      try {
        return atTheEnd(depth + 1)
      } catch {
        // A few frames from the end of the stack: captures here may find no room.
        while (performance.now() < end);
        return depth
      }
    }
    expect('depth', atTheEnd(0) > 100, true)
  })
  spin()
})

await check('sloppy code sees its own callers', (expect) => {
  const require = createRequire(import.meta.url)
  times(ROUNDS, () => {
    const { caller, callee } = require('./sloppy.cjs')(spin)
    expect('caller', caller, 'outer')
    expect('callee', callee, 'inner')
  })
})

await check('WebAssembly counts to the end', async (expect) => {
  // (func (export "run") (param i32) (result i32) (local i32)
  //   (loop (local.set 1 (i32.add (local.get 1) (i32.const 3))) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
  //   (local.get 1))
  const bytes = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
    [3, 2, 1, 0],
    [7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0],
    [10, 27, 1, 25, 1, 1, 0x7f, 3, 0x40, 0x20, 1, 0x41, 3, 0x6a, 0x21, 1],
    [0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x0b],
  ]
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes.flat()))
  times(10, () => expect('sum', instance.exports.run(10_000_000), 30_000_000))
  spin()
})

await check('waits end when they should', (expect) => {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  times(ROUNDS, () => {
    const began = performance.now()
    expect('wait', Atomics.wait(cell, 0, 0, 20), 'timed-out')
    expect('too early', performance.now() - began < 19, false)
  })
  const text = execFileSync('sh', ['-c', 'sleep 0.2; echo done; exit 0'], { encoding: 'utf8' })
  expect('a command', text, 'done\n')
  spin()
})

// Last: this cannot be undone.

await check('a frozen Error stays as it is', (expect) => {
  const { stackTraceLimit } = Error
  Object.freeze(Error)
  times(10, () => {
    const end = performance.now() + 10
    while (performance.now() < end);
    expect('limit', Error.stackTraceLimit, stackTraceLimit)
    expect('stack', typeof new Error('planted').stack, 'string')
  })
})
