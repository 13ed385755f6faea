/** What is in a bundle, file by file: the token, whom to trust, what the program will be called, and how to install it. Pure. */
import type { Enrolled } from '../../certs/index.ts';
import { installScript } from './install-script.ts';
import type { TarEntry } from './tar-file.ts';

export interface BundleFacts {
  readonly token: string;
  readonly enrolled: Enrolled;
  /** RFC 3339: until then the token may be used. */
  readonly expiresAt: string;
  /** PEM of the root that the token pins. */
  readonly root: string;
  /** PEM of what signs for the tenant now. */
  readonly chain: string;
}

const secretMode = 0o600;
const publicMode = 0o644;

/** In one folder, which is called by the package. */
export function bundleContents(facts: BundleFacts): TarEntry[] {
  const { token, enrolled, root, chain } = facts;
  const entry = (name: string, mode: number, text: string): TarEntry => ({
    ...{ name: `picket-${enrolled.packageId}/${name}`, mode, bytes: Buffer.from(text) },
  });
  return [
    entry('README.txt', publicMode, readme(facts)),
    entry('install.sh', 0o755, installScript),
    entry('token', secretMode, `${token}\n`),
    entry('edge.json', publicMode, `${JSON.stringify(enrolled, null, 2)}\n`),
    entry('roots.pem', publicMode, root),
    entry('chain.pem', publicMode, chain),
    entry('picket-agent.service', publicMode, unit),
    entry('openssl.cnf', publicMode, '[req]\ndistinguished_name = dn\nprompt = no\n[dn]\n'),
  ];
}

/** The owner of the folder is root, and the rest of the machine is not the program's to write. */
const unit = `[Unit]
Description=Picket agent
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=@PICKET@ agent --dir @DIR@
Restart=always
RestartSec=5
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ReadWritePaths=@DIR@
CapabilityBoundingSet=CAP_NET_RAW

[Install]
WantedBy=multi-user.target
`;

function readme({ enrolled, expiresAt }: BundleFacts): string {
  return `This bundle makes one machine ${enrolled.identity}
It dials ${enrolled.gateways.join(', ')}

The file "token" is a secret: whoever has it first becomes that program. Send the bundle by a way that nobody else
reads, and use it by ${expiresAt}. The key is made on the machine and does not leave it.

With picket on the machine, or a container image that has it:

  ./install.sh
  ./install.sh --docker IMAGE

With neither, only with openssl:

  ./install.sh request
  # where Picket is and a gateway can be reached, with this bundle's token and the request.pem that was made:
  picket package sign --token-file token --request request.pem --out certificate.pem
  ./install.sh certificate certificate.pem

What is there afterwards, in /var/lib/picket-agent (--dir for another place):

  edge.pem     the key, the certificate (24 hours, renewed by the agent), and the tenant's certificate that signed it
  roots.pem    whom to trust: the gateway shows a certificate below it
  edge.json    names, and the gateways

Programs that take key and certificate apart: openssl pkey -in edge.pem; openssl x509 -in edge.pem.
chain.pem is the certificate that signs for the tenant as of the making of this bundle: another may take its place.
`;
}
