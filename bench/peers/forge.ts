/**
 * node-forge as a peer: an authority that issues a leaf like ours, with RSA-2048 instead of EC P-256, which it has not.
 * Its key pairs come from its asynchronous form, which is Node's own generator off the loop; its issuer's key stays parsed.
 */
import type { pki } from 'node-forge';
import type { Clock } from '../../runtime/index.ts';
import type { Issuing } from '../issue.ts';
import { installed } from './installed.ts';

type Forge = typeof import('node-forge');

const keyBits = 2_048;
const dayMs = 24 * 3_600_000;

export async function forgeIssuing(trustDomain: string, clock: Clock): Promise<Issuing> {
  const { default: forge } = await installed('node-forge', () => import('node-forge'));
  const newKeys = () => keyPair(forge);
  const issuerKeys = await newKeys();
  const unsigned = (keys: pki.rsa.KeyPair, lifetimeMs: number) => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = keys.publicKey;
    // Positive and without a leading zero, as RFC 5280 4.1.2.2 wants it.
    certificate.serialNumber = `4${forge.util.bytesToHex(forge.random.getBytesSync(16)).slice(1)}`;
    certificate.validity.notBefore = new Date(clock.wallMs() - 300_000);
    certificate.validity.notAfter = new Date(clock.wallMs() + lifetimeMs);
    certificate.setIssuer([{ shortName: 'O', value: trustDomain }]);
    return certificate;
  };
  const issuer = unsigned(issuerKeys, 365 * dayMs);
  issuer.setSubject([{ shortName: 'O', value: trustDomain }]);
  issuer.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  issuer.sign(issuerKeys.privateKey, forge.md.sha256.create());
  return {
    issuerPem: forge.pki.certificateToPem(issuer),
    newKeys,
    async newLeaf(name) {
      const keys = await newKeys();
      const leaf = unsigned(keys, dayMs);
      leaf.setSubject([
        { shortName: 'O', value: trustDomain },
        { shortName: 'CN', value: name },
      ]);
      leaf.setExtensions([
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 6, value: `spiffe://${trustDomain}/core/${name}` }] },
        { name: 'subjectKeyIdentifier' },
        {
          name: 'authorityKeyIdentifier',
          keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
        },
      ]);
      leaf.sign(issuerKeys.privateKey, forge.md.sha256.create());
      const privateKey = forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(keys.privateKey));
      return {
        certificatePem: forge.pki.certificateToPem(leaf),
        privateKeyPem: forge.pki.privateKeyInfoToPem(privateKey),
      };
    },
  };
}

function keyPair(forge: Forge): Promise<pki.rsa.KeyPair> {
  return new Promise((resolve, reject) => {
    forge.pki.rsa.generateKeyPair({ bits: keyBits }, (error, pair) => {
      if (error) reject(error);
      else resolve(pair);
    });
  });
}
