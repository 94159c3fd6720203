// Holds its loop all the time, in pieces that are no blocks.
function piece() {
  const end = performance.now() + 4
  while (performance.now() < end);
  setImmediate(piece)
}
piece()
console.log('ready')
