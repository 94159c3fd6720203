// Stops at a breakpoint of its own as soon as a debugger is there.
setInterval(function breakpoint() {
  debugger
}, 200)
