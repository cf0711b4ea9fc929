import { expect, test } from 'vitest';
import { clientAddress, toSubject } from '../../../app/access/address.ts';

test.each([
  { what: 'without proxies, whatever the client claims', forwarded: '6.6.6.6', proxies: 0, is: '9.9.9.9' },
  { what: 'behind a proxy that says nothing', forwarded: null, proxies: 1, is: '9.9.9.9' },
  { what: 'behind a proxy', forwarded: '1.2.3.4', proxies: 1, is: '1.2.3.4' },
  {
    what: 'behind a proxy, with a claim of its own',
    forwarded: '6.6.6.6, 1.2.3.4',
    proxies: 1,
    is: '1.2.3.4',
  },
  { what: 'behind two', forwarded: '6.6.6.6, 1.2.3.4,10.0.0.1', proxies: 2, is: '1.2.3.4' },
  { what: 'behind fewer than was said', forwarded: '1.2.3.4', proxies: 3, is: '1.2.3.4' },
])('the client $what', ({ forwarded, proxies, is }) => {
  expect(clientAddress('9.9.9.9', forwarded, proxies)).toBe(is);
});

test.each([
  { address: '1.2.3.4', subject: 'address:1.2.3.4' },
  { address: '::ffff:1.2.3.4', subject: 'address:1.2.3.4' },
  { address: '2001:db8:1:2:3:4:5:6', subject: 'address:2001:db8:1:2::/64' },
  { address: '2001:DB8:1:2::9', subject: 'address:2001:db8:1:2::/64' },
  { address: '2001:db8::9', subject: 'address:2001:db8:0:0::/64' },
  { address: '2001:0db8:0000:0000::9', subject: 'address:2001:db8:0:0::/64' },
  { address: '::1', subject: 'address:0:0:0:0::/64' },
  { address: 'fe80::1%eth0', subject: 'address:fe80:0:0:0::/64' },
  { address: undefined, subject: 'address:unknown' },
  { address: '', subject: 'address:unknown' },
  { address: 'x'.repeat(1000), subject: `address:${'x'.repeat(64)}` },
])('$address is counted as $subject', ({ address, subject }) => {
  expect(toSubject(address)).toBe(subject);
});
