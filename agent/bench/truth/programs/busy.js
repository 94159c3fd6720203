/** Takes a core for itself, in pieces, so that it ends when it is told to. */
function hold() {
  const end = performance.now() + 50
  while (performance.now() < end);
  setImmediate(hold)
}
hold()
process.send?.({ ready: true })
