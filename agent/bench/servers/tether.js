/** A preload that ends a process when the benchmark that started it is gone, however that ended. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
