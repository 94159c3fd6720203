/**
 * Everything in which a function that is called on top of running code could show: one line for each check, the same whether
 * captures are taken or not. One after the other; the last one freezes Error.
 */
for (const file of ['order', 'notice', 'errors', 'worlds']) await import(`./torture/${file}.js`)
