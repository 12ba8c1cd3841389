// Preload: forces every listening TCP socket of the process on to 127.0.0.1.
// The PDS, AppView, Ozone, PLC and their helpers would listen on all interfaces.
const net = require('node:net')

const HOST = '127.0.0.1'
const listen = net.Server.prototype.listen

net.Server.prototype.listen = function (...args) {
  const [first] = args
  if (typeof first === 'object' && first !== null && 'port' in first) {
    if (!first.path) args[0] = { ...first, host: HOST }
  } else if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
    if (typeof args[1] === 'string') args[1] = HOST
    else args.splice(1, 0, HOST)
  } else if (first === undefined || typeof first === 'function') {
    args.unshift(0, HOST)
  }
  return listen.apply(this, args)
}
