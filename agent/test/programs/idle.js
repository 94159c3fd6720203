// Has something to do for 300 ms, then nothing more.
setTimeout(() => console.log('done'), 300)
