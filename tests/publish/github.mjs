// Tests promote against a stateful GitHub emulator (emulate) on localhost: a release with assets, one comment that is updated,
// and an event that is sent once. Every request is checked against GitHub's OpenAPI, and no output may contain the token.
//
// A proxy sees every request. It answers requests that emulate does not support: events, deployments and invalid tokens.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const [tools, modules, data, work] = process.argv.slice(2).map((path) => resolve(path))
const require = createRequire(join(modules, 'x.js'))
const { createEmulator } = await import(join(modules, 'node_modules/emulate/dist/api.js'))
const Ajv = require('ajv').default
const formats = require('ajv-formats').default

const TOKEN = 'ghs_0123456789abcdefTHEtoken'
const outputs = []

// --- GitHub's OpenAPI

const spec = JSON.parse(readFileSync(join(modules, 'node_modules/@octokit/openapi/generated/api.github.com.deref.json')))
const ajv = formats(new Ajv({ strict: false, allErrors: true }))
const routes = Object.entries(spec.paths).map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  path,
  operations,
}))

/** Checks path, method, body and query parameters of a request against the OpenAPI. */
function expectValid({ method, path, query, body }) {
  const found = routes.filter(({ pattern }) => pattern.test(path)).sort((a, b) => a.path.split('{').length - b.path.split('{').length)
  const route = found[0] ?? routes.find(({ path: known }) => known === '/repos/{owner}/{repo}/git/ref/{ref}' && path.includes('/git/ref/tags/'))
  assert(route, `GitHub has no path ${path}`)
  const operation = route.operations[method.toLowerCase()]
  assert(operation, `GitHub has no ${method} ${route.path}`)
  const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name)
  for (const name of query.keys()) assert(known.includes(name), `${method} ${route.path} has no parameter ${name}`)
  const schema = operation.requestBody?.content?.['application/json']?.schema
  if (typeof body !== 'object') return
  assert(schema, `${method} ${route.path} has no JSON body`)
  const isValid = ajv.compile(schema)
  assert(isValid(body), `${method} ${route.path}: ${ajv.errorsText(isValid.errors)}: ${JSON.stringify(body)}`)
  const unknown = Object.keys(body).filter((key) => !(key in schema.properties))
  assert.deepEqual(unknown, [], `${method} ${route.path}`)
}

assert.throws(() => expectValid({ method: 'POST', path: '/repos/o/r/dispatches', query: new URLSearchParams(), body: {} }), /event_type/)

// --- emulate and the proxy

const read = async (stream) => {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

let requests = []
const violations = []
const deployments = []
const times = { created_at: '2026-10-01T00:00:00Z', updated_at: '2026-10-01T00:00:00Z' }

/** A deployment with every field that GitHub sends, and `states` for the proxy. */
function deploymentOf({ ref, environment, description }) {
  const id = 40 + deployments.length
  const repository_url = `${base}/repos/owner/models`
  const url = `${repository_url}/deployments/${id}`
  const rest = { node_id: `DE_${id}`, sha: '0'.repeat(40), task: 'deploy', payload: {}, creator: null, statuses_url: `${url}/statuses` }
  return { id, url, ref, environment, description, repository_url, ...rest, ...times, states: [] }
}

/** A status of a deployment with every field that GitHub sends. */
function statusOf({ id, url, repository_url, states }, { state, description }) {
  const number = 10 * id + states.length
  return { id: number, url: `${url}/statuses/${number}`, node_id: `DES_${number}`, state, creator: null, description, deployment_url: url, repository_url, ...times }
}

let api
const proxy = createServer(async (request, response) => {
  const bytes = await read(request)
  const url = new URL(request.url, 'http://localhost')
  const isJson = request.headers['content-type'] === 'application/json' && !url.searchParams.has('name')
  const body = isJson && bytes.length > 0 ? JSON.parse(bytes) : undefined
  const path = decodeURIComponent(url.pathname)
  if (request.headers['x-test'] === undefined) {
    requests.push({ method: request.method, path, body })
    try {
      expectValid({ method: request.method, path, query: url.searchParams, body })
    } catch (error) {
      violations.push(error.message)
    }
  }
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(value === undefined ? undefined : JSON.stringify(value))
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, { message: 'Bad credentials', status: '401' })
  if (path.endsWith('/dispatches')) return answer(204)
  if (path.endsWith('/deployments')) {
    if (request.method === 'POST') {
      deployments.unshift(deploymentOf(body))
      return answer(201, deployments[0])
    }
    // List the newest first, as GitHub does.
    return answer(200, deployments.filter(({ environment }) => environment === url.searchParams.get('environment')))
  }
  if (path.endsWith('/statuses')) {
    const of = deployments.find(({ id }) => path.includes(`/deployments/${id}/`))
    if (request.method === 'POST') of.states.unshift(statusOf(of, body))
    return answer(request.method === 'POST' ? 201 : 200, request.method === 'POST' ? of.states[0] : of.states)
  }
  const { host, connection, 'content-length': _, ...headers } = request.headers
  const passed = await fetch(new URL(request.url, api), {
    method: request.method,
    headers,
    body: bytes.length > 0 ? bytes : undefined,
  })
  response.writeHead(passed.status, { 'content-type': passed.headers.get('content-type') ?? 'application/json' })
  response.end(Buffer.from(await passed.arrayBuffer()))
})
const port = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)))
const base = `http://localhost:${await port(proxy)}`
const free = createServer()
const freePort = await port(free)
await new Promise((done) => free.close(done))
const emulator = await createEmulator({
  service: 'github',
  port: freePort,
  baseUrl: base,
  seed: {
    tokens: { [TOKEN]: { login: 'owner', scopes: ['repo'] } },
    github: {
      users: [{ login: 'owner' }],
      repos: [{ owner: 'owner', name: 'models', auto_init: true }],
    },
  },
})
api = `http://localhost:${freePort}`

/** A request by the test itself. */
async function github(method, path, body) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'x-test': 'yes' }
  const answer = await fetch(`${base}/repos/owner/models/${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}

// --- promote, in a clone

rmSync(work, { recursive: true, force: true })
mkdirSync(join(work, 'clone'), { recursive: true })
const clone = join(work, 'clone')
const environment = {
  PATH: process.env.PATH,
  HOME: work,
  SOURCE_DATE_EPOCH: '1790812800',
  GITHUB_API_URL: base,
  GITHUB_REPOSITORY: 'owner/models',
  GITHUB_TOKEN: TOKEN,
  USER: 'tester',
}
const git = (...words) => execFileSync('git', words, { cwd: clone, env: environment }).toString().trim()
execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', join(work, 'remote.git')])
git('init', '--quiet', '--initial-branch=main')
git('remote', 'add', 'origin', '../remote.git')

/** Runs promote. Returns its status, its messages and its report. */
async function promote(words, more = {}) {
  requests = []
  const child = spawn(join(tools, 'promote'), [...words, '-o', 'promote.json'], { cwd: clone, env: { ...environment, ...more } })
  const [stdout, stderr, status] = await Promise.all([read(child.stdout), read(child.stderr), new Promise((done) => child.on('close', done))])
  outputs.push(String(stdout), String(stderr))
  assert.deepEqual(violations, [])
  return { status, message: String(stderr).trim(), record: JSON.parse(readFileSync(join(clone, 'promote.json'))) }
}

/** Creates a pushed tag in emulate, which has no git. */
async function mirror(tag) {
  git('cat-file', '-e', `${tag}^{tag}`)
  const { object } = await github('GET', 'git/ref/heads/main')
  await github('POST', 'git/refs', { ref: `refs/tags/${tag}`, sha: object.sha })
}

writeFileSync(join(clone, 'one.json'), readFileSync(join(data, 'one.json')))
writeFileSync(join(clone, 'two.json'), readFileSync(join(data, 'two.json')))
await github('POST', 'issues', { title: 'the champion' })
const all = ['--push', '--release', '--comment', '1', '--environment', 'production', '--dispatch', 'owner/filter']
const writes = () => requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.replace(/\d+/g, 'N')}`)

// promote does not create a missing tag on GitHub. The promotion remains, and the same command continues later.
let run = await promote(['one.json', '--reason', 'first @all <b>', ...all])
assert.equal(run.status, 2, run.message)
assert.match(run.message, /^promote: version 1 is the champion, committed, tagged, pushed, but publishing failed \(owner\/models: release: the tag spam@v1\.0\.0 does not exist; push it first\); run the same command again$/)
assert.deepEqual(run.record.published.tags, ['spam@v1.0.0', 'spam#champion#1'])
assert.deepEqual(writes(), [])

await mirror('spam@v1.0.0')
run = await promote(['one.json', '--reason', 'first @all <b>', ...all])
assert.equal(run.status, 0, run.message)
const first = run.record
assert.equal(first.changed, false)
assert.deepEqual(first.published.dispatched, ['owner/filter'])
assert.equal(first.published.commit, git('rev-parse', 'origin/main'))
const dispatched = requests.find(({ path }) => path === '/repos/owner/filter/dispatches').body
assert.equal(dispatched.event_type, 'spamops-promoted')
assert.equal(dispatched.client_payload.digest, first.digest)
assert.equal(dispatched.client_payload.tag, 'spam@v1.0.0')
const releases = await github('GET', 'releases')
assert.deepEqual(releases.map(({ tag_name, draft }) => [tag_name, draft]), [['spam@v1.0.0', false]])
const assets = releases[0].assets.map(({ name, size }) => [name, size]).sort()
const model = readFileSync(join(clone, 'one.json'))
assert.equal(createHash('sha256').update(model).digest('hex'), first.digest)
assert.deepEqual(assets, [['spam-v1.json', model.length], ['spam-v1.json.sha256', 64 + 2 + 'spam-v1.json'.length + 1]])
let comments = await github('GET', 'issues/1/comments')
assert.equal(comments.length, 1)
assert.match(comments[0].body, /^<!-- spamops:spam -->\n\*\*spam version 1 is the champion\*\*/)
assert(!comments[0].body.includes('@all') && !comments[0].body.includes('<b>'), comments[0].body)

// A second run changes nothing and sends nothing.
run = await promote(['one.json', '--reason', 'first @all <b>', ...all])
assert.equal(run.status, 0, run.message)
assert.deepEqual(writes(), [])
assert.deepEqual(run.record.published, first.published)

// The next version gets its own release and updates the same comment.
run = await promote(['two.json', '--reason', 'second', '--push'])
assert.equal(run.status, 0, run.message)
await mirror('spam@v2.0.0')
run = await promote(['two.json', '--reason', 'second', ...all])
assert.equal(run.status, 0, run.message)
assert.deepEqual(writes(), [
  'POST /repos/owner/models/releases',
  'POST /repos/owner/models/releases/N/assets',
  'POST /repos/owner/models/releases/N/assets',
  'PATCH /repos/owner/models/releases/N',
  'POST /repos/owner/models/deployments',
  'POST /repos/owner/models/deployments/N/statuses',
  'PATCH /repos/owner/models/issues/comments/N',
  'POST /repos/owner/filter/dispatches',
])
comments = await github('GET', 'issues/1/comments')
assert.equal(comments.length, 1)
assert.match(comments[0].body, /version 2 is the champion/)

// A rollback leaves the release of version 1 unchanged.
run = await promote(['--rollback', '--reason', 'ham in quarantine', '--push', '--release', '--comment', '1'])
assert.equal(run.status, 0, run.message)
assert.deepEqual(run.record.published.tags, ['spam@v1.0.0', 'spam#champion#3'])
assert.deepEqual(writes(), ['PATCH /repos/owner/models/issues/comments/N'])
assert.equal((await github('GET', 'releases')).length, 2)

// Errors, including an invalid token.
await github('POST', 'issues', { title: 'no comment yet' })
run = await promote(['--to', '1', '--comment', '2'], { GITHUB_TOKEN: `${TOKEN}x` })
assert.match(run.message, /owner\/models: comment: 401 .*; the token is wrong or expired; renew GITHUB_TOKEN\); run the same command again$/m)
run = await promote(['--to', '1', '--comment', '99'])
assert.match(run.message, /owner\/models: comment: 404 Not Found; it does not exist, or the token needs issues: write or pull-requests: write\); run the same command again$/m)
run = await promote(['two.json', '--commit', '--tag', '--release', '--comment', '1'], { GITHUB_TOKEN: '', GH_TOKEN: '' })
assert.match(run.message, /GITHUB_TOKEN is not set/)
assert.equal(JSON.parse(readFileSync(join(clone, 'models/spam/champion.json'))).version, 1)
run = await promote(['--to', '1', '--comment', '1'], { GITHUB_API_URL: 'http://github.example' })
assert.match(run.message, /GITHUB_API_URL: is not an https:\/\/ address; a token is sent only over https$/)
run = await promote(['--to', '1', '--comment', '1', '--dry-run', '--dispatch', 'owner/filter'])
assert.deepEqual(requests, [])

// --- the token is in no output, no file and no git object

function files(directory) {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name)
    return statSync(path).isDirectory() ? files(path) : [path]
  })
}
const everything = files(work)
assert(everything.length > 20 && outputs.some((text) => text.includes('401')))
for (const path of everything) assert(!readFileSync(path).includes(TOKEN), `${path} contains the token`)
for (const text of [...outputs, git('log', '--all', '-p'), git('tag', '--list', '--format=%(contents)')]) assert(!text.includes(TOKEN), text)

await emulator.close()
proxy.close()
console.log(`github: ${releases.length + 1} releases, 1 comment, every request valid by GitHub's OpenAPI, no token in ${everything.length} files and ${outputs.length} outputs`)
