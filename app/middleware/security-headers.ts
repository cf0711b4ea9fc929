import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/**
 * What browsers are told of every answer, the playground's pages among them: they run their own scripts and ask their own
 * server, and stand in no frame. Whether TLS is asked for is said by who ends it (Strict-Transport-Security).
 */
export const securityHeaders = (): MiddlewareHandler =>
  secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    crossOriginResourcePolicy: 'cross-origin', // CORS says who may ask
    strictTransportSecurity: false,
    xDownloadOptions: false, // Internet Explorer's
    xPermittedCrossDomainPolicies: false, // Flash's
  });
