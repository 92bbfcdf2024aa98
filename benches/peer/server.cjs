// @app-connect/core as a proxy connector, for `run.sh`: users, document and the CRM's address are
// those of the load benchmark. The packages come from the folder in PEER_MODULES; the document, which
// in production is in DynamoDB, is kept in memory.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { createRequire } = require('node:module');

const USERS = 32;
const PLATFORM = 'sandbox';
const PROXY_ID = 'crm-0';

const crm = process.argv[2];
const load = createRequire(path.join(process.env.PEER_MODULES, 'node_modules', 'x.js'));
const data = fs.mkdtempSync(path.join(os.tmpdir(), 'app-connect-peer-'));
process.on('exit', () => fs.rmSync(data, { recursive: true, force: true }));
process.on('SIGTERM', () => process.exit(0));

Object.assign(process.env, {
    NODE_ENV: 'production',
    DATABASE_URL: `sqlite:${path.join(data, 'db.sqlite')}`,
    APP_SERVER: 'http://127.0.0.1',
    HASH_KEY: 'the load benchmark',
});

const core = load('@app-connect/core');
const { Connector } = load('@app-connect/core/models/dynamo/connectorSchema');
const { UserModel } = load('@app-connect/core/models/userModel');

// Logging to the terminal would be measured too.
for (const level of ['log', 'info', 'warn']) console[level] = () => {};

const text = fs.readFileSync(path.join(__dirname, '..', '..', 'proxy-configs', 'sandbox.json'), 'utf8');
const document = JSON.parse(text.replaceAll('http://127.0.0.1:8788/api/v1', `http://${crm}/api/v1`));
Connector.getProxyConfig = async () => document;
core.connectorRegistry.registerConnector('proxy', core.proxyConnector);

async function main() {
    const app = core.createCoreApp({ skipAnalyticsInit: true });
    await UserModel.sync();
    await UserModel.bulkCreate(Array.from({ length: USERS }, (_, number) => ({
        id: `${number}-${PLATFORM}`,
        platform: PLATFORM,
        rcAccountId: `account-${Math.floor(number / 10)}`,
        timezoneName: 'America/New_York',
        accessToken: `key-of-user-${number}`,
        platformAdditionalInfo: { proxyId: PROXY_ID },
    })));
    const server = app.listen(0, '127.0.0.1', () => {
        process.stdout.write(`listening on http://127.0.0.1:${server.address().port}\n`);
    });
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
