/** Nothing: the smallest program, and the preload of a baseline. */
