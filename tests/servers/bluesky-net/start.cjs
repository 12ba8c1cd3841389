// Starts a real Bluesky network (PLC, PDS, AppView, Ozone) from @atproto/dev-env on free loopback ports.
//
// usage: node -r ./loopback.cjs start.cjs pds|full     (full needs DB_POSTGRES_URL and REDIS_HOST)
// It prints one line of JSON with addresses and accounts once everything answers, and stops on SIGTERM or SIGINT.
// BSKY_PDS_JSON holds extra PDS settings; BSKY_RATE_LIMITS=1 turns the PDS's own rate limits on.
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')

const mode = process.argv[2] || 'pds'
const limits = Boolean(process.env.BSKY_RATE_LIMITS)
// The PDS keeps its SQLite files and blobs in os.tmpdir(): give it a private one that we can delete.
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'bluesky-net-'))
process.env.TMPDIR = tmp
process.env.LOG_ENABLED ??= 'false'

let network
let control

async function stop(code) {
  const clean = () => fs.rmSync(tmp, { recursive: true, force: true })
  setTimeout(() => { clean(); process.exit(code || 3) }, 8000).unref()
  if (control) control.close()
  try {
    if (network) await network.close()
  } catch (error) {
    console.error('close:', error.message)
  }
  clean()
  process.exit(code)
}
process.on('SIGTERM', () => stop(0))
process.on('SIGINT', () => stop(0))

async function createNetwork() {
  const env = await import('@atproto/dev-env')
  const { TestNetwork, TestNetworkNoAppView } = env.default?.TestNetwork ? env.default : env
  const pds = {
    hostname: 'localhost',
    enableDidDocWithSession: true,
    ...(limits ? { rateLimitsEnabled: true, rateLimitBypassKey: 'bypass' } : {}),
    ...JSON.parse(process.env.BSKY_PDS_JSON || '{}'),
  }
  if (mode !== 'full') return TestNetworkNoAppView.create({ pds })
  return TestNetwork.create({
    pds,
    bsky: { dbPostgresSchema: 'bsky' },
    ozone: { dbMaterializedViewRefreshIntervalMs: 30000 },
  })
}

async function createAccount(name) {
  // the handle bot.test is reserved by the PDS
  const account = { handle: name === 'bot' ? 'medbot.test' : `${name}.test`, password: `${name}-pass` }
  const response = await fetch(`${network.pds.url}/xrpc/com.atproto.server.createAccount`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(limits ? { 'x-ratelimit-bypass': 'bypass' } : {}) },
    body: JSON.stringify({ ...account, email: `${name}@test.invalid` }),
  })
  const body = await response.json()
  if (!response.ok) throw new Error(`createAccount ${name}: ${response.status} ${JSON.stringify(body)}`)
  return { did: body.did, ...account }
}

async function main() {
  network = await createNetwork()
  const accounts = {}
  for (const name of ['bot', 'alice', 'bob']) accounts[name] = await createAccount(name)
  const info = { mode, pds: network.pds.url, plc: network.plc.url, admin_password: 'admin-pass', accounts }
  if (mode === 'full') {
    info.appview = network.bsky.url
    info.appview_did = network.bsky.ctx.cfg.serverDid
    info.ozone = network.ozone.url
    info.ozone_did = network.ozone.ctx.cfg.service.did
    // dev-env moves the labeler's own account to the main PDS
    accounts.labeler = { did: info.ozone_did, handle: 'mod-authority.test', password: 'hunter2' }
    // the bot joins the Ozone team, so that its own login can emit labels
    await network.ozone.addModeratorDid(accounts.bot.did)
    await network.processAll(20000)
  }
  // POST /process-all returns when AppView and Ozone have seen every event of the PDS
  control = http.createServer(async (request, response) => {
    try {
      if (request.method === 'POST' && request.url === '/process-all' && mode === 'full') await network.processAll(60000)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(info))
    } catch (error) {
      response.statusCode = 500
      response.end(JSON.stringify({ error: error.message }))
    }
  })
  await new Promise((ready) => control.listen(0, ready))
  info.control = `http://127.0.0.1:${control.address().port}`
  console.log(JSON.stringify(info))
}

main().catch((error) => {
  console.error(error)
  stop(1)
})
