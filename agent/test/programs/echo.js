// Copies stdin to stdout, byte for byte.
process.stdin.pipe(process.stdout)
