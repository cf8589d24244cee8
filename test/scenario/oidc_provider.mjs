// A real OpenID provider (npm oidc-provider) for sign_in.py: oidc_provider.mjs PORT DIR REDIRECT, with DIR/cert, DIR/key, DIR/keys.json (its
// signing keys). Who signs in is said in the address (?login_as=…), so that no page has to be clicked. DIR/evil has it answer wrongly.
import fs from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, dir, redirect] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${process.env.COLOA_NPM}/`));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

const issuer = `https://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: 'coloa', client_secret: 'bi mat: cua/nut?+%', redirect_uris: [redirect], id_token_signed_response_alg: 'RS256',
    token_endpoint_auth_method: 'client_secret_basic' },
  { client_id: 'other', client_secret: 'x', redirect_uris: [redirect] }],
  jwks: JSON.parse(fs.readFileSync(`${dir}/keys.json`, 'utf8')),
  pkce: { methods: ['S256'], required: () => true },
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.vn`, email_verified: id !== 'unverified' }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
});
const callback = provider.callback();

https.createServer({ cert: fs.readFileSync(`${dir}/cert`), key: fs.readFileSync(`${dir}/key`) }, async (req, res) => {
  const url = new URL(req.url, issuer);
  const evil = fs.existsSync(`${dir}/evil`) ? fs.readFileSync(`${dir}/evil`, 'utf8').trim() : '';
  if (evil.startsWith('token ') && url.pathname === '/token') {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ access_token: 'x', token_type: 'Bearer', id_token: fs.readFileSync(`${dir}/token`, 'utf8').trim() }));
    return;
  }
  if (evil === 'issuer' && url.pathname === '/.well-known/openid-configuration') {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ issuer: 'https://127.0.0.1:1', authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` }));
    return;
  }
  if (url.pathname.startsWith('/interaction/')) {
    try {
      const details = await provider.interactionDetails(req, res);
      const login = fs.readFileSync(`${dir}/who`, 'utf8').trim();
      const grant = new provider.Grant({ accountId: login, clientId: details.params.client_id });
      grant.addOIDCScope('openid email profile');
      await provider.interactionFinished(req, res, { login: { accountId: login }, consent: { grantId: await grant.save() } });
    } catch (error) {
      res.statusCode = 500;
      res.end(String(error));
    }
    return;
  }
  callback(req, res);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
