// In place of the agent's worker: writes on both streams, warns, and lives on.
setInterval(() => {
  console.log('planted')
  console.error('planted')
  process.emitWarning('planted')
}, 5)
