/** Says how long it took to get here, and has nothing else to do. */
process.stdout.write(String(performance.now()))
