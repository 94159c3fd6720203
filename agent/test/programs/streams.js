// What a program can see of its own streams and of the process.
console.log(
  JSON.stringify({
    stdout: process.stdout.eventNames().map((name) => [name, process.stdout.listenerCount(name)]),
    stderr: process.stderr.eventNames().map((name) => [name, process.stderr.listenerCount(name)]),
    process: process.eventNames().filter((name) => name !== 'exit'),
    execArgv: process.execArgv,
    resources: process.getActiveResourcesInfo(),
    globals: Object.keys(globalThis),
    stackTraceLimit: Error.stackTraceLimit,
    prepareStackTrace: typeof Error.prepareStackTrace,
  }),
)
