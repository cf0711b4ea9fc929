import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  type IOrigin,
  OriginRequestPolicy,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnLoggingConfiguration, CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { PlanError } from '../errors.ts';
import { logGroup } from './log-group.ts';
import { nameOf, type Place } from './place.ts';

const YEAR = Duration.days(365);

/** The site's address: TLS, a firewall, and headers. Nothing is cached: every answer is somebody's own. */
export function distribution(place: Place, origin: IOrigin, logs: IBucket): Distribution {
  const { scope, plan } = place;
  const { hosts } = plan.site.gateway;
  const { certificate } = plan.site.cloud;
  const isNamed = certificate !== undefined && hosts.length > 0;
  return new Distribution(scope, 'Distribution', {
    comment: nameOf(place),
    httpVersion: HttpVersion.HTTP2_AND_3,
    minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
    ...(isNamed
      ? { domainNames: hosts, certificate: Certificate.fromCertificateArn(scope, 'Certificate', certificate) }
      : {}),
    webAclId: plan.site.cloud.webAcl ?? firewall(place).attrArn,
    enableLogging: true,
    logBucket: logs,
    logFilePrefix: 'distribution/',
    defaultBehavior: {
      origin,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      responseHeadersPolicy: headers(place),
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    },
  });
}

/** Only what the gateway does not say itself: it writes these for its own pages too. */
function headers(place: Place): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(place.scope, 'Headers', {
    comment: nameOf(place),
    removeHeaders: ['server'],
    securityHeadersBehavior: {
      strictTransportSecurity: { accessControlMaxAge: YEAR, includeSubdomains: true, override: true },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override: false },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: false },
    },
  });
}

const FIVE_MINUTES = 300;
const REQUESTS = 1000; // of one address in that time

/**
 * Known bad addresses, and too many requests from one. Rules that read bodies are left out: a prompt about SQL or HTML is
 * what they look for, and they see only its first kilobytes.
 */
function firewall(place: Place): CfnWebACL {
  const { scope, plan } = place;
  const { region } = plan.site.cloud;
  if (region !== 'us-east-1')
    throw new PlanError([
      `cloud.webAcl: CloudFront's firewall can be made in us-east-1 only, and cloud.region is ${region}: write the ARN of one that you have made there`,
    ]);
  const visible = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: false, // samples keep headers, and with them keys
    metricName,
  });
  const acl = new CfnWebACL(scope, 'Firewall', {
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    visibilityConfig: visible('firewall'),
    rules: [
      {
        name: 'BadAddresses',
        priority: 0,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: { vendorName: 'AWS', name: 'AWSManagedRulesAmazonIpReputationList' },
        },
        visibilityConfig: visible('bad-addresses'),
      },
      {
        name: 'TooMany',
        priority: 1,
        action: { block: { customResponse: { responseCode: 429 } } },
        statement: {
          rateBasedStatement: { limit: REQUESTS, evaluationWindowSec: FIVE_MINUTES, aggregateKeyType: 'IP' },
        },
        visibilityConfig: visible('too-many'),
      },
    ],
  });
  const logs = logGroup(place, 'FirewallLogs', { logGroupName: `aws-waf-logs-${nameOf(place)}` }); // WAF wants this name
  new CfnLoggingConfiguration(scope, 'FirewallLogging', {
    resourceArn: acl.attrArn,
    logDestinationConfigs: [
      Stack.of(scope).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: logs.logGroupName, // the group's own ARN ends with `:*`, which WAF does not take
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    redactedFields: [{ singleHeader: { Name: 'authorization' } }],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [
        {
          Behavior: 'KEEP',
          Requirement: 'MEETS_ANY',
          Conditions: [{ ActionCondition: { Action: 'BLOCK' } }],
        },
      ],
    },
  });
  return acl;
}
