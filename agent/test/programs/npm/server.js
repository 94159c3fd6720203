import '../server.js'
