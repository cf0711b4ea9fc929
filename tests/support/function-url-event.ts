import type { IncomingMessage } from 'node:http';

/** Sent as text; anything else in base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded))/;

/**
 * The event that a Function URL makes of a request: all of payload format 2.0.
 *
 * Source   AWS, "Invoking Lambda function URLs", request payload format
 */
export function functionUrlEvent(request: IncomingMessage, body: Buffer, requestId: string): object {
  const { method = 'GET', url = '/', headers: all } = request;
  const { cookie, ...others } = all;
  const question = url.indexOf('?');
  const [rawPath, rawQueryString] =
    question < 0 ? [url, ''] : [url.slice(0, question), url.slice(question + 1)];
  const query = Object.fromEntries(new URLSearchParams(rawQueryString));
  const isText = TEXT.test(others['content-type'] ?? '');
  const domainPrefix = 'abcdefghijklmnopqrstuvwxyz012345';
  const domainName = `${domainPrefix}.lambda-url.eu-central-1.on.aws`;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    headers: {
      ...Object.fromEntries(Object.entries(others).map(([name, value]) => [name, [value].flat().join(',')])),
      host: domainName,
      'x-amzn-trace-id': 'Root=1-5e66d96f-7491f09xmpl79d18acf3d050',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: 'anonymous',
      apiId: domainPrefix,
      domainName,
      domainPrefix,
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '203.0.113.7',
        userAgent: others['user-agent'] ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: '25/Nov/2026:21:00:00 +0000',
      timeEpoch: 1_795_640_400_000,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}
