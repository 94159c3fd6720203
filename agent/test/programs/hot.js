// Two functions with known shares of the busy time: 3 to 1. None of their pieces is a block.
function heavy() {
  const end = performance.now() + 9
  while (performance.now() < end);
}

function light() {
  const end = performance.now() + 3
  while (performance.now() < end);
}

setInterval(heavy, 20)
setInterval(light, 20)
console.log('begun')
