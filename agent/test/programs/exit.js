// Ends in the way that its argument says.
const ways = {
  'exit-3': () => process.exit(3),
  'exit-code': () => (process.exitCode = 4),
  throw: () => {
    throw new Error('planted')
  },
  reject: () => Promise.reject(new TypeError('planted too')),
  'throw-later': () =>
    setTimeout(() => {
      throw new Error('planted later')
    }, 50),
  'exit-later': () => setTimeout(() => process.exit(5), 50),
  abort: () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50),
  'before-exit': () => process.once('beforeExit', () => console.log('before exit')),
  'top-level-await': () => new Promise(() => {}),
}

console.log('begun')
await ways[process.argv[2]]()
