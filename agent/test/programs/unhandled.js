// Ends by a rejection that nobody handles.
process.on('exit', (code) => console.log('exit', code))
setTimeout(() => Promise.reject(new TypeError('nobody looks')), 5)
setTimeout(() => console.log('never'), 500)
