// A job that a timer starts after a long rest: nothing tells the agent of it but the turn itself.
function tidyUp() {
  const end = Date.now() + 80
  while (Date.now() < end); // <- the job
}

function nightly() {
  tidyUp()
  setTimeout(nightly, 900)
}
setTimeout(nightly, 1500)
setInterval(() => {}, 1 << 30)
