// Keeps a process of the test suite on this machine. Every test process loads it first (`NODE_OPTIONS=--import`), children included:
// a connection, a datagram or a name look-up that would leave the machine fails, and is written to the file that
// FOCUS_TEST_OUTSIDE names, so that the test file fails even where the code under test handles the error.
import dgram from 'node:dgram'
import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { hostname } from 'node:os'
import process from 'node:process'

const installed = Symbol.for('focus.test.loopbackOnly')

// Package managers ask their registry; they install what the tests need and are not under test.
const isPackageManager = /(npm|npx|pnpm)(-cli)?(\.c?js|\.mjs)?$/.test(process.argv[1] ?? '')

if (!isPackageManager && !globalThis[installed]) {
  globalThis[installed] = true
  guardSockets()
  guardDatagrams()
  guardNames()
  syncBuiltinESMExports()
}

function guardSockets() {
  const connect = methodOf(net.Socket.prototype, 'connect')
  net.Socket.prototype.connect = function guarded(...args) {
    // `net.connect` passes its arguments in an array that is normalised already.
    const ordered = Array.isArray(args[0])
    const [target] = ordered ? args[0] : args
    if (typeof target === 'object' && target !== null && target.path) return connect.apply(this, args)
    const options = optionsOf(target, ordered ? [] : args)
    if (options === null) return connect.apply(this, args)
    const host = options.host ?? 'localhost'
    if (net.isIP(host) !== 0 && !isLoopback(host)) {
      process.nextTick(() => this.destroy(refusal(`${host} port ${options.port}`)))
      return this
    }
    const guardedOptions = { ...options, lookup: guardLookup(options.lookup ?? dns.lookup) }
    if (ordered) {
      args[0][0] = guardedOptions
      return connect.apply(this, args)
    }
    const listener = args.findLast((each) => typeof each === 'function')
    return connect.call(this, guardedOptions, ...(listener ? [listener] : []))
  }
}

/** Used only for `call` and `apply`. */
function methodOf(prototype, name) {
  return prototype[name]
}

/** Returns the arguments of `connect` as an object; null for a path. */
function optionsOf(target, args) {
  if (typeof target === 'object' && target !== null) return target
  if (typeof target === 'number' || /^\d+$/.test(String(target))) {
    return { port: Number(target), ...(typeof args[1] === 'string' && { host: args[1] }) }
  }
  return null
}

/** Checks the answer of a custom look-up before a connection is opened. */
function guardLookup(lookup) {
  return (name, options, callback) =>
    lookup(name, options, (error, found, family) => {
      if (error) return callback(error, found, family)
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found]
      const outside = addresses.find((address) => typeof address === 'string' && !isLoopback(address))
      if (outside !== undefined) return callback(refusal(`${name} at ${outside}`))
      return callback(null, found, family)
    })
}

function guardDatagrams() {
  const send = methodOf(dgram.Socket.prototype, 'send')
  const connect = methodOf(dgram.Socket.prototype, 'connect')
  const check = (address) => {
    if (typeof address === 'string' && !isLoopback(address) && !isOwnName(address)) throw refusal(`${address} by UDP`)
  }
  dgram.Socket.prototype.send = function guarded(...args) {
    check(args.findLast((each) => typeof each === 'string' && each !== args[0]))
    return send.apply(this, args)
  }
  dgram.Socket.prototype.connect = function guarded(port, address, ...rest) {
    check(address)
    return connect.call(this, port, address, ...rest)
  }
}

/** A look-up asks another machine; only names that this machine resolves itself are allowed. */
function guardNames() {
  const { lookup } = dns
  dns.lookup = (name, ...rest) => {
    if (isOwnName(name) || net.isIP(name) !== 0) return lookup(name, ...rest)
    const callback = rest.at(-1)
    const error = refusal(`the name ${name}`)
    if (typeof callback === 'function') process.nextTick(callback, error)
  }
  const promised = dns.promises.lookup
  dns.promises.lookup = (name, ...rest) =>
    isOwnName(name) || net.isIP(name) !== 0 ? promised(name, ...rest) : Promise.reject(refusal(`the name ${name}`))
  for (const holder of [dns, dns.promises]) {
    guardQueries(holder, () => dns.getServers(), holder === dns)
    guardQueries(holder.Resolver.prototype, (resolver) => resolver.getServers(), holder === dns)
  }
}

function guardQueries(holder, serversOf, byCallback) {
  for (const method of Object.getOwnPropertyNames(holder)) {
    if (!/^(resolve|reverse)/.test(method) || typeof holder[method] !== 'function') continue
    const query = holder[method]
    holder[method] = function guarded(name, ...rest) {
      const outside = serversOf(this).find((server) => !isLoopback(server.replace(/^\[(.+)\].*$|:\d+$/, '$1')))
      if (outside === undefined) return query.call(this, name, ...rest)
      const error = refusal(`the name server ${outside} for ${name}`)
      if (!byCallback) return Promise.reject(error)
      const callback = rest.at(-1)
      if (typeof callback === 'function') process.nextTick(callback, error)
    }
  }
}

function isLoopback(address) {
  const plain = String(address)
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:/, '')
  return plain.startsWith('127.') || plain === '::1' || plain === '::' || plain === '0.0.0.0' || plain === 'localhost'
}

function isOwnName(name) {
  return !name || name === 'localhost' || String(name).endsWith('.localhost') || name === hostname()
}

function refusal(target) {
  const error = Object.assign(new Error(`A test would leave this machine: ${target}`), { code: 'EOUTSIDE' })
  const report = process.env.FOCUS_TEST_OUTSIDE
  if (report) appendFileSync(report, `${target} (${process.argv[1] ?? 'a worker'})\n${callers(error)}\n`)
  return error
}

function callers({ stack = '' }) {
  const lines = stack.split('\n').filter((line) => /^\s+at /.test(line) && !/node:|loopback-only/.test(line))
  return lines.slice(0, 6).join('\n')
}
