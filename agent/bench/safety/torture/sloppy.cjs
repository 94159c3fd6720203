// Without "use strict": functions know who called them.
module.exports = function (spin) {
  function inner() {
    spin(1)
    return { caller: inner.caller.name, callee: arguments.callee.name }
  }
  function outer() {
    return inner()
  }
  return outer()
}
